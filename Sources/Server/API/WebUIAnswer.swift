// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation

/// What `POST /sdapi/v1/txt2img` answers.
struct WebUIAnswer: Encodable {
    let images: [Data]
    let parameters: WebUIParameters
    /// A ``WebUIInfo`` as JSON, within JSON.
    let info: String
}

/// The request as it was understood.
struct WebUIParameters: Encodable {
    let prompt: String
    let negative_prompt: String
    let seed: UInt64
    let batch_size: Int
    let n_iter: Int
    let steps: Int
    let cfg_scale: Double
    let width: Int
    let height: Int

    init(_ info: WebUIInfo) {
        (prompt, negative_prompt, seed) = (info.prompt, info.negative_prompt, info.seed)
        (batch_size, n_iter, steps) = (info.batch_size, info.n_iter, info.steps)
        (cfg_scale, width, height) = (info.cfg_scale, info.width, info.height)
    }
}

/// What the images are, with the fields that clients read.
struct WebUIInfo: Encodable {
    let prompt: String
    let all_prompts: [String]
    let negative_prompt: String
    let all_negative_prompts: [String]
    let seed: UInt64
    let all_seeds: [UInt64]
    let subseed: UInt64
    let all_subseeds: [UInt64]
    let subseed_strength: Double
    let width: Int
    let height: Int
    let sampler_name = "Default"
    let cfg_scale: Double
    let steps: Int
    let batch_size: Int
    let n_iter: Int
    let sd_model_name: String
    let infotexts: [String]
    /// Evaluations of the network for an image.
    let evaluations: Int
    /// How long the images took.
    let seconds: Double
    /// What was not heeded, and what else should be known.
    let notes: [String]

    init(_ order: WebUIOrder, _ plan: WebUIOrder.Plan, _ entry: ModelList.Entry, _ made: ImageQueue.Made) {
        let requests = plan.requests
        prompt = order.prompt ?? ""
        negative_prompt = requests[0].negativePrompt
        all_prompts = requests.map { _ in order.prompt ?? "" }
        all_negative_prompts = requests.map(\.negativePrompt)
        all_seeds = requests.map(\.seed)
        seed = requests[0].seed
        subseed = plan.subseed ?? 0
        all_subseeds = requests.map { $0.blend?.seed ?? 0 }
        subseed_strength = plan.subseed == nil ? 0 : order.subseed_strength ?? 0
        (width, height, steps) = (plan.width, plan.height, plan.steps)
        cfg_scale = plan.guidance ?? 1
        (batch_size, n_iter) = (order.batch_size ?? 1, order.n_iter ?? 1)
        sd_model_name = entry.id
        infotexts = requests.map { request in
            "\(order.prompt ?? "")\nSteps: \(plan.steps), Seed: \(request.seed), "
                + "Size: \(plan.width)x\(plan.height), Model: \(entry.id)"
        }
        (evaluations, seconds) = (made.evaluations, made.seconds)
        notes = plan.notes + made.warnings
    }
}
