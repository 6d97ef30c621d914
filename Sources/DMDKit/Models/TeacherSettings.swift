// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation

/// Which teacher, and what it is asked for.
public struct TeacherSettings: Sendable {
    /// Weights as safetensors, or a folder of Stable Diffusion or a file of a whole model, which need prompts; nil for the bundled teacher.
    public var weights: URL?
    /// The prompts of a text-to-image teacher.
    public var prompts: PromptFile?
    /// The weight of classifier-free guidance in a text-to-image teacher, 1 for none.
    public var guidance: Double?

    /// The method of a text-to-image teacher in several steps; nil for its own.
    public var sampler: Sampling.Sampler?
    /// The variant of the weights of a text-to-image teacher, such as `fp16`; nil for those without one, or the only one.
    public var variant: String?
    /// The folder of the tokenizer of a model in one file; nil for one that is found beside it, in the user's data folder or in Hugging
    /// Face's cache.
    public var tokenizer: URL?

    /// A teacher; see the properties.
    public init(
        _ weights: URL? = nil, prompts: PromptFile? = nil, guidance: Double? = nil,
        sampler: Sampling.Sampler? = nil, variant: String? = nil
    ) {
        (self.weights, self.prompts, self.guidance, self.sampler) = (weights, prompts, guidance, sampler)
        self.variant = variant
    }

    /// What the weights are.
    enum Kind {
        case pixels(URL)
        case text(URL, PromptFile)
    }

    /// Whether the weights are those of a text-to-image model: a folder, or a file of all its parts.
    var isOfText: Bool { weights.map { isFolder($0) || SingleFileModel($0) != nil } ?? false }

    /// The same teacher as a folder, if it is a model in one file.
    func unpacked(_ context: JobContext) throws -> TeacherSettings {
        var unpacked = self
        unpacked.weights = try weights.map { try modelFolder($0, tokenizer: tokenizer, context) }
        if weights == nil { try refuseTokenizer(tokenizer) }
        unpacked.tokenizer = nil
        return unpacked
    }

    /// What the weights are, once all settings are found to belong to it.
    ///
    /// - Throws: ``SettingError`` for a setting that does not, and for one that is missing.
    func kind() throws -> Kind {
        try requireGuidance(guidance)
        guard let weights, isFolder(weights) else {
            let belongs = "belongs to a teacher that is a folder of Stable Diffusion"
            if prompts != nil {
                throw SettingError("prompts", belongs, "name one as `teacher`, or leave it out")
            }
            if guidance != nil {
                throw SettingError("guidance", belongs, "name one as `teacher`, or leave it out")
            }
            if sampler != nil {
                throw SettingError("sampler", belongs, "name one as `teacher`, or leave it out")
            }
            if variant != nil {
                throw SettingError("variant", belongs, "name one as `teacher`, or leave it out")
            }
            return .pixels(weights ?? DataFiles.teacher)
        }
        guard let prompts else {
            throw SettingError(
                "prompts", "is missing, which a text-to-image teacher needs", "name a file of prompts")
        }
        return .text(weights, prompts)
    }
}
