// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// Why a distillation cannot begin or go on.
public enum DistillationError: Error, Equatable, CustomStringConvertible {
    /// The recipe has a regression loss, but there are no pairs or no distance for it.
    case noPairs
    /// The pairs are not of this teacher.
    case foreignPairs(what: String, expected: String, found: String)
    /// `minimumLevel` and `maximumLevel` leave no step of the teacher's schedule between them.
    case noLevels(count: Int)
    /// The recipe's `decoder` is tiny at some step, but there is no distance through one.
    case noTinyDecoder
    /// The network cannot do what the recipe's `key` asks for.
    case unsupported(key: String, network: String, needs: String)

    /// One sentence: what is wrong, what to do.
    public var description: String {
        switch self {
        case .noPairs:
            "The recipe's `lambda` is above 0, but there are no pairs or no distance: give both, or set `lambda` and "
                + "`pairBatch` to 0."
        case .foreignPairs(let what, let expected, let found):
            "The pairs are not of this teacher and its prompts: their \(what) is \(found) instead of \(expected); "
                + "make pairs with these."
        case .noLevels(let count):
            "The recipe's `minimumLevel` and `maximumLevel` leave none of the schedule's \(count) levels between them: "
                + "move them apart."
        case .noTinyDecoder:
            "The recipe's `decoder` is `tiny`, but there is no tiny decoder: give one, or set `decoder` to `full`."
        case .unsupported(let key, let network, let needs):
            "The recipe sets `\(key)`, but \(network) has no part that conforms to \(needs): leave the key out, or let the "
                + "network conform."
        }
    }
}
