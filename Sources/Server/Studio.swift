// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation
import Hummingbird

/// What all forms of requests for images have in common.
struct Studio: Sendable {
    let models: ModelList
    let queue: ImageQueue
    let bodies: BodyLimits

    /// The longest prompt, in characters.
    static let promptLimit = 2_000
    /// Steps that may be asked for, so that no request holds up all others for long.
    static let stepLimit = 200

    /// How many images a request may ask for.
    static func countLimit(of model: ImageModel) -> Int { model.height * model.width <= 128 * 128 ? 64 : 8 }

    /// Makes images while the client is there.
    ///
    /// - Throws: ``ServerError`` for what cannot be made, or not now.
    func images(
        _ requests: [ImageRequest], by model: ImageModel, fields: [String: String] = [:], for client: Request
    ) async throws -> ImageQueue.Made {
        for request in requests { try check(request, model, fields) }
        let count = requests.reduce(0) { $0 + $1.count }
        guard (1...Self.countLimit(of: model)).contains(count) else {
            throw ServerError(
                SettingError("count", "is \(count)", "give 1 to \(Self.countLimit(of: model))"),
                fields: fields)
        }
        return try await client.whileConnected { try await queue.images(requests, by: model) }
    }

    private func check(_ request: ImageRequest, _ model: ImageModel, _ fields: [String: String]) throws {
        do {
            for (name, text) in [
                ("prompt", request.prompt ?? ""), ("negativePrompt", request.negativePrompt),
            ]
            where text.count > Self.promptLimit {
                throw SettingError(
                    name, "has \(text.count) characters", "give \(Self.promptLimit) at most")
            }
            if let steps = request.steps, steps > Self.stepLimit {
                throw SettingError("steps", "is \(steps)", "this server takes 1 to \(Self.stepLimit)")
            }
            try model.check(request)
            let area = (request.height ?? model.height).multipliedReportingOverflow(
                by: request.width ?? model.width)
            guard !area.overflow, area.partialValue <= 4 * model.height * model.width else {
                throw SettingError(
                    "size", "is \(request.width ?? model.width)x\(request.height ?? model.height)",
                    "\(model.name) makes images of about \(model.width)x\(model.height) pixels")
            }
        } catch let error as SettingError {
            throw ServerError(error, fields: fields)
        } catch {
            throw ServerError(.badRequest, "\(error)", code: "invalid_value")
        }
    }

    /// A request that says what an image shows by a text: a prompt, or the number or name of a class.
    func request(_ model: ImageModel, text: String, seed: UInt64) throws -> ImageRequest {
        var request = ImageRequest(seed: seed)
        if model.takesPrompts {
            request.prompt = text
        } else {
            request.label = try model.label(named: text)
        }
        return request
    }
}

/// A seed where none is given, that JavaScript can tell exactly.
func randomSeed() -> UInt64 { .random(in: 0..<1 << 32) }
