// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation
import HTTPTypes
import Hummingbird
import Synchronization

/// The part of A1111's API that makes images, with what its clients ask for around it. What a model cannot heed, such as steps
/// of a one-step generator, is ignored, as these clients send it unasked; `info` names it.
struct WebUIRoutes: Sendable {
    let studio: Studio
    private let chosen = Chosen()

    /// The model that clients have chosen by an option, of all of them.
    private final class Chosen: Sendable {
        let id = Mutex<String?>(nil)
    }

    init(studio: Studio) { self.studio = studio }

    func addRoutes(to router: Router<BasicRequestContext>) {
        let api = router.group("sdapi/v1")
        api.post("txt2img") { request, _ in
            var request = request
            let order: WebUIOrder = try await request.value(studio.bodies)
            return try await made(order, for: request).closing
        }
        api.get("sd-models") { _, _ in
            Response(
                json: studio.models.entries.map {
                    CheckpointName(title: $0.id, model_name: $0.id, filename: $0.id)
                })
        }
        api.get("samplers") { _, _ in Response(json: [SamplerName(name: "Default", aliases: ["default"])]) }
        api.get("options") { _, _ in Response(json: ["sd_model_checkpoint": try current(nil).id]) }
        api.post("options") { request, _ in
            var request = request
            let options: WebUIOrder.Options = try await request.value(studio.bodies)
            if let name = options.sd_model_checkpoint {
                let id = try studio.models.entry(name).id
                chosen.id.withLock { $0 = id }
            }
            return Response(json: [String: String]())
        }
        api.get("progress") { _, _ in
            let load = await studio.queue.load
            return Response(json: Progress(state: .init(job_count: load.running + load.waiting)))
        }
        for list in [
            "schedulers", "upscalers", "loras", "sd-vae", "hypernetworks", "face-restorers", "prompt-styles",
        ] {
            api.get(RouterPath(list)) { _, _ in Response(json: [String]()) }
        }
    }

    private struct CheckpointName: Encodable {
        let title: String
        let model_name: String
        let filename: String
        let hash: String? = nil
        let sha256: String? = nil
        let config: String? = nil
    }

    private struct SamplerName: Encodable {
        let name: String
        let aliases: [String]
        let options: [String: String] = [:]
    }

    private struct Progress: Encodable {
        struct State: Encodable {
            let skipped = false
            let interrupted = false
            let job = ""
            let job_count: Int
            let job_no = 0
            let sampling_step = 0
            let sampling_steps = 0
        }
        let progress = 0.0
        let eta_relative = 0.0
        let state: State
        let current_image: String? = nil
        let textinfo: String? = nil
    }

    private func current(_ order: WebUIOrder?) throws -> ModelList.Entry {
        try studio.models.entry(order?.override_settings?.sd_model_checkpoint ?? chosen.id.withLock { $0 })
    }

    private func made(_ order: WebUIOrder, for client: Request) async throws -> Response {
        let entry = try current(order)
        let plan = try order.plan(entry, studio)
        let made = try await studio.images(
            plan.requests, by: entry.model,
            fields: [
                "count": "batch_size", "negativePrompt": "negative_prompt", "guidance": "cfg_scale",
                "fraction": "subseed_strength",
            ], for: client)
        let info = WebUIInfo(order, plan, entry, made)
        let json = try JSONEncoder.answers.encode(info)
        let pictures = order.send_images == false ? [] : made.images.flatMap { $0 }
        return Response(
            json: WebUIAnswer(
                images: pictures, parameters: WebUIParameters(info),
                info: String(decoding: json, as: UTF8.self)))
    }
}
