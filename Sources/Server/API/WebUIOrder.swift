// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation

/// What `POST /sdapi/v1/txt2img` takes; other fields are ignored.
struct WebUIOrder: Decodable {
    /// Settings of the server for this request.
    struct Options: Decodable {
        let sd_model_checkpoint: String?
    }

    let prompt: String?
    let negative_prompt: String?
    let seed: Int?
    let subseed: Int?
    let subseed_strength: Double?
    let batch_size: Int?
    let n_iter: Int?
    let steps: Int?
    let cfg_scale: Double?
    let width: Int?
    let height: Int?
    let sampler_name: String?
    let send_images: Bool?
    let override_settings: Options?

    /// What is made of it.
    struct Plan {
        /// One request for each image.
        var requests: [ImageRequest]
        /// What was not heeded, in sentences.
        var notes: [String]
        let steps: Int
        let width: Int
        let height: Int
        /// Nil for a model without text.
        let guidance: Double?
        /// The seed of the subseed's noise, where one is asked for.
        let subseed: UInt64?
    }

    /// The images that are asked for, as far as the model can heed it: image `i` is the first of the seed plus `i`.
    func plan(_ entry: ModelList.Entry, _ studio: Studio) throws -> Plan {
        let model = entry.model
        let most = Studio.countLimit(of: model)
        let (count, overflow) = (batch_size ?? 1).multipliedReportingOverflow(by: n_iter ?? 1)
        guard !overflow, (batch_size ?? 1) > 0, (1...most).contains(count) else {
            throw ServerError(
                SettingError(
                    "batch_size", "times `n_iter` is \(overflow ? "too much" : "\(count)")",
                    "give 1 to \(most)"))
        }
        var notes: [String] = []
        func heeded<Value: Equatable>(_ name: String, _ value: Value?, _ usual: Value?, _ can: Bool) -> Value?
        {
            if !can, let value, value != usual { notes.append("`\(name)` is not heeded by \(entry.id).") }
            return can ? value : nil
        }
        let takesSteps = model.stepCounts.upperBound > 1
        let takesGuidance = model.takesPrompts && takesSteps
        let seed = seed.flatMap { UInt64(exactly: $0) } ?? randomSeed()
        var request = try studio.request(model, text: prompt ?? "", seed: seed)
        let steps = heeded("steps", steps, model.usualSteps, takesSteps)
        request.steps = steps.map { min($0, model.stepCounts.upperBound) }
        let guidance = heeded("cfg_scale", cfg_scale, 1, takesGuidance)
        request.guidance = guidance.map { max(1, $0) }
        request.negativePrompt = heeded("negative_prompt", negative_prompt ?? "", "", takesGuidance) ?? ""
        if request.guidance == 1 { request.negativePrompt = "" }
        request.width = heeded("width", width, model.width, model.sizeUnit != nil)
        request.height = heeded("height", height, model.height, model.sizeUnit != nil)
        let isBlended = (subseed_strength ?? 0) != 0
        let subseed = isBlended ? subseed.flatMap { UInt64(exactly: $0) } ?? randomSeed() : nil
        let requests = (0..<UInt64(count)).map { number in
            var one = request
            one.seed = seed &+ number
            if let subseed, let subseed_strength {
                one.blend = NoiseBlend(to: subseed &+ number, fraction: subseed_strength)
            }
            return one
        }
        return Plan(
            requests: requests, notes: notes, steps: request.steps ?? model.usualSteps,
            width: request.width ?? model.width, height: request.height ?? model.height,
            guidance: model.takesPrompts ? request.guidance ?? model.usualGuidance : nil, subseed: subseed)
    }
}
