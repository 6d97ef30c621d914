// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Files
import Foundation

/// Looks at the images of an evaluation's inputs, or takes the statistics that someone has saved.
struct Look {
    let extractor: FeatureExtractor
    let features: FeatureProvenance

    /// What a look has found.
    struct Found {
        let result: Reference
        /// The images; nil of saved statistics.
        var source: ImageSource?
        fileprivate var key = ""
    }

    /// - Parameters:
    ///   - seed: the random seed of a model's noise.
    ///   - title: what progress calls it.
    ///   - prompts: tells how well each image fits its prompt, where that is asked.
    func callAsFunction(
        at input: EvaluationInput, seed: UInt64, _ title: String, _ prompts: Prompts? = nil
    ) throws -> Found {
        let found = try found(input, seed, title, prompts)
        if found.result.isRankDeficient == true {
            extractor.context.warn(
                "\(input.provenance) are no more than the \(features.kind.count) features, so the Frechet distance says more "
                    + "about their number than about the images.")
        }
        return found
    }

    private func found(
        _ input: EvaluationInput, _ seed: UInt64, _ title: String, _ prompts: Prompts?
    ) throws -> Found {
        if case .statistics(let saved) = input.content {
            try saved.requireComparable(
                with: features.kind, networkHash: features.sha256, file: input.provenance.path)
            return Found(result: .saved(saved))
        }
        guard let source = input.source(seed: seed) else {
            preconditionFailure("only statistics have no images")
        }
        let least = extractor.network.smallestSide
        guard source.shape.dropFirst().allSatisfy({ $0 >= least }) else {
            throw KitError(
                "The images of \(input.provenance.path) are \(source.shape[2]) x \(source.shape[1]), and \(features.name) takes \(least) "
                    + "pixels or more a side: choose other features, or make a set of larger images.")
        }
        let key = try key(input, seed, prompts)
        let seen = try extractor.statistics(of: source, title: title, key: key, prompts: prompts)
        return Found(result: .images(seen), source: source, key: key)
    }

    /// Names what is looked at, for as long as its statistics are kept.
    private func key(_ input: EvaluationInput, _ seed: UInt64, _ prompts: Prompts?) throws -> String {
        let encoder = JSONEncoder.line
        let told = try [
            encoder.encode(input.provenance), encoder.encode(features), encoder.encode(prompts?.provenance),
        ].map { String(decoding: $0, as: UTF8.self) }
        return "\(told)\(input.isModel ? seed : 0)\(extractor.keepsFeatures)"
    }

    /// Goes on with the work, and keeps what was found if it is stopped.
    func keeping<R>(_ found: Found, _ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let stop as CancellationError {
            if case .images(let seen) = found.result { try extractor.keep(seen, key: found.key) }
            throw stop
        }
    }
}
