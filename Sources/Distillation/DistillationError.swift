// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// Why a distillation cannot begin or go on.
public enum DistillationError: LocalizedError, Equatable, CustomStringConvertible {
    /// The recipe has a regression loss, but there are no pairs or no distance for it.
    case noPairs
    /// Weights of the teacher or the start are in int8.
    case int8Weights
    /// The pairs are not of this teacher.
    case foreignPairs(what: String, expected: String, found: String)
    /// The pairs are of prompts, and were made by a version that did not write down the tokenizer.
    case datedPairs
    /// The part of the schedule that `key` names holds none of its levels.
    case noLevels(key: String, count: Int)
    /// The generator's levels are not all in the schedule.
    case levelsBeyondSchedule([Int], count: Int)
    /// The weights of all terms are 0.
    case noTerms
    /// A discriminator has no real images to learn from.
    case noRealImages
    /// The real images are not what the teacher makes.
    case foreignRealImages(what: String, expected: String, found: String)
    /// The recipe's `decoder` is tiny at some step, but there is no distance through one.
    case noTinyDecoder
    /// A term reads inner features, which the teacher's network does not show.
    case noFeatures(term: String, network: String)
    /// The network cannot do what the recipe's `key` asks for.
    case unsupported(key: String, network: String, needs: String)

    /// One sentence: what is wrong, what to do.
    public var description: String {
        switch self {
        case .int8Weights:
            "The teacher or the start has weights in int8, which are for making images alone: take the network they were exported from."
        case .noPairs:
            "The regression loss needs pairs and a distance: give both, or set its weight to 0."
        case .foreignPairs(let what, let expected, let found):
            "The pairs are not of this teacher and its prompts: their \(what) is \(found) instead of \(expected); "
                + "make pairs with these."
        case .datedPairs:
            "The pairs were made by an earlier version, which did not write down the tokenizer and the text encoder's settings: since "
                + "nothing tells whether these are the same, make the pairs again."
        case .noLevels(let key, let count):
            "The recipe's `distillation.\(key)` has a `minimum` and a `maximum` that leave none of the schedule's \(count) levels between "
                + "them: move them apart."
        case .levelsBeyondSchedule(let levels, let count):
            "The recipe's `distillation.levels` are \(levels), but the teacher's schedule has the levels 0 to \(count - 1): choose among "
                + "these."
        case .noTerms:
            "The generator has nothing to learn from, since the weights of all its terms are 0: raise one of "
                + "`distributionMatching.weight`, `scoreIdentity.weight`, `adversarial.weight` and `regression.weight`."
        case .noRealImages:
            "The discriminator needs real images to tell the generator's from: give some, or set `adversarial.weight` to 0 and "
                + "`distributionMatching.divergence` to `reverseKL`."
        case .foreignRealImages(let what, let expected, let found):
            "The real images do not suit the teacher: their \(what) is \(found) instead of \(expected); give images like those that it "
                + "was trained on."
        case .noTinyDecoder:
            "The recipe's `distillation.regression.decoder` is `tiny`, but there is no tiny decoder: give one, or set it to `full`."
        case .noFeatures(let term, let network):
            "The term `\(term)` reads inner features, which \(network) does not show: leave the term out, or let the network "
                + "conform to FeatureDenoiser."
        case .unsupported(let key, let network, let needs):
            "The recipe sets `\(key)`, but \(network) has no part that conforms to \(needs): leave the key out, or let the "
                + "network conform."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
