// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation
import HTTPTypes
import Hummingbird

/// What the page asks for besides runs: what there is, and images.
struct PageRoutes: Sendable {
    let studio: Studio
    let runs: [RunView]

    func addRoutes(to router: Router<BasicRequestContext>) {
        router.get("api/server") { _, _ in Response(json: description) }
        router.post("api/images") { request, _ in
            var request = request
            let order: Order = try await request.value(studio.bodies)
            return try await made(order, for: request).closing
        }
    }

    private struct Description: Encodable {
        struct Model: Encodable {
            let id: String
            let role: ImageModel.Role
            let width: Int
            let height: Int
            let classNames: [String]
            let takesPrompts: Bool
            let usualSteps: Int
            let mostSteps: Int
            let mostImages: Int
            let sizeUnit: Int?
            let usualGuidance: Double?
        }
        struct Run: Encodable {
            let id: Int
            let name: String
            let folder: String
        }
        let version: String
        let models: [Model]
        let runs: [Run]
        let charts: [ChartGuide]
    }

    private var description: Description {
        Description(
            version: version,
            models: studio.models.entries.map { entry in
                let model = entry.model
                return Description.Model(
                    id: entry.id, role: model.role, width: model.width, height: model.height,
                    classNames: model.classNames, takesPrompts: model.takesPrompts,
                    usualSteps: model.usualSteps,
                    mostSteps: min(model.stepCounts.upperBound, Studio.stepLimit),
                    mostImages: Studio.countLimit(of: model), sizeUnit: model.sizeUnit,
                    usualGuidance: model.usualGuidance)
            },
            runs: runs.enumerated().map { Description.Run(id: $0, name: $1.name, folder: $1.path) },
            charts: ChartGuide.distillation)
    }

    /// What `POST /api/images` takes.
    private struct Order: Decodable {
        let model: String?
        let seed: UInt64?
        let toward: UInt64?
        let fraction: Double?
        let `class`: Int?
        let prompt: String?
        let negativePrompt: String?
        let guidance: Double?
        let steps: Int?
        let count: Int?
        let height: Int?
        let width: Int?
    }

    /// What it answers.
    private struct Answer: Encodable {
        let model: String
        let seed: UInt64
        let images: [Data]
        let evaluations: Int
        let seconds: Double
        let warnings: [String]
    }

    private func made(_ order: Order, for client: Request) async throws -> Response {
        let entry = try studio.models.entry(order.model)
        var request = ImageRequest(count: order.count ?? 1, seed: order.seed ?? randomSeed())
        if let toward = order.toward, let fraction = order.fraction {
            request.blend = NoiseBlend(to: toward, fraction: fraction)
        }
        (request.label, request.prompt, request.guidance) = (order.class, order.prompt, order.guidance)
        (request.steps, request.height, request.width) = (order.steps, order.height, order.width)
        request.negativePrompt = order.negativePrompt ?? ""
        request.notes = ["seed": "\(request.seed)", "model": entry.id]
        let made = try await studio.images(
            [request], by: entry.model, fields: ["label": "class"], for: client)
        return Response(
            json: Answer(
                model: entry.id, seed: request.seed, images: made.images.flatMap { $0 },
                evaluations: made.evaluations, seconds: made.seconds, warnings: made.warnings))
    }
}
