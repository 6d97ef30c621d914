// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// Why a folder does not make images of text, or not those that are asked for.
public enum StableDiffusionError: LocalizedError, Equatable, CustomStringConvertible {
    /// The folder is of another kind of model.
    case wrongKind(file: String, found: String)
    /// A part of the model is not there.
    case missingPart(folder: String, part: String)
    /// A variant of the weights that no part of the model has, or that a part has no other weights in the place of.
    case noVariant(folder: String, variant: String, parts: [String])
    /// Two parts of the model do not fit each other.
    case partsDiffer(folder: String, reason: String)
    /// Another autoencoder has other latents than the model's own.
    case otherLatents(folder: String, reason: String)
    /// The model does not make images of this size.
    case impossibleSize(height: Int, width: Int, unit: Int)
    /// The sampler cannot take so many steps.
    case impossibleSteps(Int, most: Int)
    /// Several steps would need a sampler that is not here: which setting is in the way.
    case unsupportedSampler(String)
    /// A generator cannot take so many steps.
    case tooManySteps(Int, most: Int)

    /// One sentence on what is wrong and what to do.
    public var description: String {
        switch self {
        case .wrongKind(let file, let found):
            "\(file) is of \(found), not of StableDiffusionPipeline: use a folder of Stable Diffusion 1 or 2."
        case .missingPart(let folder, let part):
            "\(folder) has no subfolder \(part): copy or download the whole model again."
        case .noVariant(let folder, let variant, let parts):
            "\(folder) cannot be used in the variant '\(variant)', for \(parts.joined(separator: "; ")): name another variant, or none."
        case .partsDiffer(let folder, let reason):
            "The parts of \(folder) do not belong together: \(reason); copy or download the whole model again."
        case .otherLatents(let folder, let reason):
            "The autoencoder in \(folder) does not fit the model: \(reason); name one that was made for this model."
        case .impossibleSize(let height, let width, let unit):
            "An image of \(height) x \(width) pixels cannot be made: give a height and a width that are multiples of \(unit), "
                + "up to 16384."
        case .impossibleSteps(let steps, let most):
            "The sampler cannot take \(steps) steps: give from 1 to \(most)."
        case .unsupportedSampler(let reason):
            "The model's own sampler is not supported, since in its scheduler_config.json \(reason): choose another, pndm, ddim, "
                + "dpm++ or euler."
        case .tooManySteps(let steps, let most):
            "The model is a generator of \(most == 1 ? "one step" : "\(most) steps") and cannot take \(steps): give "
                + "\(most == 1 ? "1" : "from 1 to \(most)"), or use the model it was distilled from."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
