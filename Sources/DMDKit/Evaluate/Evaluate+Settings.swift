// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

extension Evaluate {
    /// What the settings ask for, once all are found to apply.
    ///
    /// - Throws: ``SettingError``; ``KitError`` for LPIPS's weights that are named or needed and not there.
    func comparison() throws -> Comparison {
        try requireNumbers()
        var (subject, reference) = (request(subject), request(against))
        try subject.sample(sampling)
        if reference.isModel {
            try reference.sample(Sampling(steps: againstSteps))
        } else {
            try refuse(["againstSteps": againstSteps], "is for a model, which \(against) is not")
        }
        let teacher = try teacherRequest(of: subject)
        let prompts = try PromptRequest(file: prompts, column: promptColumn, clip: clip)
        try refuseUnused(subject, reference, teacher)
        let first = seed ?? 0
        return Comparison(
            subject: subject, reference: reference, teacher: teacher,
            seeds: (0..<UInt64(seeds ?? 1)).map { first &+ $0 },
            features: FeatureSettings(
                name: features ?? FeatureSettings.usualName, weights: featureWeights, lpips: lpips),
            lpips: try lpipsWeights(), prompts: prompts, distanceOnly: distanceOnly, device: compute.device,
            processes: compute.processes, unfinished: card?.appendingPathExtension("unfinished"))
    }

    /// - Throws: ``SettingError`` if ``split`` is given for sets that do not come as two.
    func refuseSplit(of inputs: ComparedInputs) throws {
        let sets = [inputs.subject, inputs.reference].compactMap { input in
            if case .images(let images) = input.content { images } else { nil }
        }
        guard !sets.contains(where: comesAsTwo) else { return }
        try refuse(["split": split], "is for a set of images that comes as two, of which there is none")
    }

    private func requireNumbers() throws {
        try require(
            ("steps", sampling.steps, .samplerSteps), ("againstSteps", againstSteps, .samplerSteps),
            ("teacherSteps", teacherSteps, .samplerSteps), ("count", count, .covarianceCounts),
            ("size", size, .imageSides), ("seeds", seeds, 1...1_000))
        try requireGuidance(guidance)
    }

    private func request(_ path: String) -> EvaluationInputRequest {
        var request = EvaluationInputRequest(path, count: count ?? 10_000)
        request.guidance = guidance
        request.take(variant: variant)
        request.tokenizer = tokenizer
        if let split { request.split = split.part }
        request.size = size
        return request
    }

    private func teacherRequest(of subject: EvaluationInputRequest) throws -> EvaluationInputRequest? {
        guard let teacher else {
            try refuse(
                ["teacherSteps": teacherSteps], "needs `teacher`", advice: "name the teacher's weights")
            return nil
        }
        if distanceOnly {
            throw SettingError("teacher", "is of no use with `distanceOnly`", "leave out one of them")
        }
        guard subject.isModel else {
            throw SettingError(
                "teacher", "is for a model that is judged, which \(subject.path) is not", "leave it out")
        }
        var request = request(teacher)
        guard request.isModel else {
            throw SettingError("teacher", "is \(teacher), which is no model", "name the teacher's weights")
        }
        try request.sample(Sampling(steps: teacherSteps), as: .teacher)
        return request
    }

    private func refuseUnused(
        _ subject: EvaluationInputRequest, _ reference: EvaluationInputRequest,
        _ teacher: EvaluationInputRequest?
    ) throws {
        let all = [subject, reference] + [teacher].compactMap(\.self)
        if !all.contains(where: { $0.kind == .text && $0.steps > 1 }) {
            try refuse(
                ["guidance": guidance],
                "is for several steps of a folder of Stable Diffusion, which nothing here takes")
        }
        if let variant, !all.contains(where: { $0.has(variant) }) {
            try refuse(
                ["variant": variant],
                "is '\(variant)', of which no folder of Stable Diffusion here has weights")
        }
        if !all.contains(where: \.isSingleFile) { try refuseTokenizer(tokenizer) }
        if !subject.isModel {
            try refuse(["seeds": seeds], "is for a model's noise, and \(subject.path) is no model")
        }
        // The pairs of LPIPS are drawn by the seed too.
        if !all.contains(where: \.isModel), subject.kind != .images || distanceOnly {
            try refuse(["seed": seed], "is for what is drawn at random, of which there is nothing here")
        }
        if all.allSatisfy({ $0.kind == .statistics }) {
            try refuse(["count": count], "is for images, and there are only saved statistics")
        }
        if !all.contains(where: { $0.kind == .images }) {
            try refuse(["split": split, "size": size], "is for a set of images, of which there is none")
        }
        if all.contains(where: \.isModel) {
            try refuse(
                ["size": size], "is for sets alone: beside a model, images are brought to its own size")
        }
        if ![subject, reference].contains(where: { $0.kind == .text }), subject.kind != .images {
            try refuse(
                ["prompts": prompts],
                "does not belong to \(subject.path), which makes no images of prompts and is no set of images that were made "
                    + "from some", advice: "judge a folder of Stable Diffusion or of images, or leave it out")
        }
    }

    /// LPIPS is measured wherever its weights are installed, and has to be where they are named or there is a teacher.
    private func lpipsWeights() throws -> URL? {
        guard lpips != nil || teacher != nil else { return try? DataFiles.lpips(nil) }
        return try DataFiles.lpips(lpips)
    }
}
