// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation
import HTTPTypes
import Hummingbird

/// The part of OpenAI's API that makes images: `POST /v1/images/generations` and `GET /v1/models`. Beside its fields, `seed`,
/// `steps`, `negative_prompt` and `guidance` are heeded.
struct OpenAIRoutes: Sendable {
    let studio: Studio
    private let kept = KeptImages()
    private let start = Int(Date.now.timeIntervalSince1970)

    init(studio: Studio) { self.studio = studio }

    func addRoutes(to router: Router<BasicRequestContext>) {
        router.get("v1/models") { _, _ in
            Response(
                json: ModelNames(data: studio.models.entries.map { ModelName(id: $0.id, created: start) }))
        }
        router.get("v1/models/:id") { _, context in
            let entry = try studio.models.entry(try context.parameters.require("id"))
            return Response(json: ModelName(id: entry.id, created: start))
        }
        router.get("v1/images/files/:name") { _, context in
            guard let png = kept.png(named: try context.parameters.require("name")) else {
                throw ServerError(
                    .notFound, "This picture is no longer kept: ask for it again.", code: "not_found")
            }
            return Response(png: png)
        }
        router.post("v1/images/generations") { request, _ in
            var request = request
            let order: Order = try await request.value(studio.bodies)
            return try await made(order, for: request).closing
        }
    }

    private struct ModelNames: Encodable {
        let object = "list"
        let data: [ModelName]
    }

    private struct ModelName: Encodable {
        let id: String
        let object = "model"
        let created: Int
        let owned_by = "dmd"
    }

    private struct Order: Decodable {
        let prompt: String
        let model: String?
        let n: Int?
        let size: String?
        let response_format: String?
        let output_format: String?
        let seed: UInt64?
        let steps: Int?
        let negative_prompt: String?
        let guidance: Double?
    }

    private struct Answer: Encodable {
        struct Picture: Encodable {
            let b64_json: Data?
            let url: String?
        }
        let created: Int
        let data: [Picture]
        let seed: UInt64
        let evaluations: Int
        let seconds: Double
    }

    private func made(_ order: Order, for client: Request) async throws -> Response {
        let entry = try studio.models.entry(order.model)
        guard [nil, "b64_json", "url"].contains(order.response_format) else {
            throw ServerError(SettingError("response_format", "is unknown", "give b64_json or url"))
        }
        guard [nil, "png"].contains(order.output_format) else {
            throw ServerError(SettingError("output_format", "is unknown", "give png, or leave it out"))
        }
        var request = try studio.request(entry.model, text: order.prompt, seed: order.seed ?? randomSeed())
        request.count = order.n ?? 1
        (request.steps, request.guidance) = (order.steps, order.guidance)
        request.negativePrompt = order.negative_prompt ?? ""
        if let size = order.size, size != "auto" { (request.width, request.height) = try sides(of: size) }
        request.notes = ["seed": "\(request.seed)", "model": entry.id]
        let made = try await studio.images(
            [request], by: entry.model, fields: ["count": "n", "negativePrompt": "negative_prompt"],
            for: client)
        let pictures = made.images.flatMap { $0 }.map { png in
            order.response_format == "url"
                ? Answer.Picture(
                    b64_json: nil, url: "http://\(client.head.authority ?? "localhost")\(kept.keep(png))")
                : Answer.Picture(b64_json: png, url: nil)
        }
        return Response(
            json: Answer(
                created: Int(Date.now.timeIntervalSince1970), data: pictures, seed: request.seed,
                evaluations: made.evaluations, seconds: made.seconds))
    }

    private func sides(of size: String) throws -> (width: Int, height: Int) {
        guard let match = size.wholeMatch(of: /(\d{1,5})x(\d{1,5})/), let width = Int(match.1),
            let height = Int(match.2)
        else {
            throw ServerError(
                SettingError("size", "is '\(size.prefix(40))'", "give one such as 512x512, or auto"))
        }
        return (width, height)
    }
}
