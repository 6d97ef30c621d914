// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Files
import Foundation
import Torch
import Weights

/// Looks at images with a feature network, batch by batch, and keeps what it has if it is stopped.
///
/// Processes that share the work look at a batch each, and tell each other what they found, so that all come to the statistics of one
/// process; the last batches, too few to be shared out, all of them look at.
struct FeatureExtractor {
    /// What turns images into vectors.
    let network: any FeatureNetwork
    /// Whether single vectors are needed, or their mean and covariance do.
    var keepsFeatures: Bool
    /// Where the statistics of a job that was stopped are kept until the next; nil keeps none.
    var folder: URL?
    /// The processes that share the work.
    var processes = Communicator.alone
    /// Hears how it goes.
    let context: JobContext

    private static let batch = 128

    /// The statistics of all images of a source.
    ///
    /// - Parameters:
    ///   - title: what progress calls them.
    ///   - key: names the source in ``folder``: equal keys are equal images.
    ///   - prompts: tells how well each image fits its prompt, where that is asked.
    /// - Throws: ``KitError`` naming the images of a set that cannot be read; `CancellationError`.
    func statistics(
        of source: ImageSource, title: String, key: String = "", prompts: Prompts? = nil
    ) throws -> FeatureStatistics {
        var seen = kept(key) ?? FeatureStatistics(network.kind, keepsFeatures: keepsFeatures)
        var progress = context.counter(title, total: source.count, done: seen.count, unit: "image")
        var unreadable: [String] = []
        var (first, isReadable) = (seen.count, true)
        while first < source.count {
            let isShared = first + Self.batch * processes.count <= source.count
            let start = first + (isShared ? Self.batch * processes.rank : 0)
            let numbers = Array(start..<min(start + Self.batch, source.count))
            let levels = try levels(of: source, numbers, &unreadable)
            isReadable = try !processes.any(levels == nil) && isReadable
            if let levels, isReadable {
                let own = try look(at: levels, prompts, from: start)
                for batch in isShared ? try own.gathered(by: processes) : [own] {
                    seen.add(batch, isOfSet: source.isSet)
                }
            }
            first += isShared ? Self.batch * processes.count : numbers.count
            progress.update(first)
            try LibTorch.throwFailure()
            if try processes.any(context.isStopping) {
                if isReadable { try keep(seen, key: key) }
                throw CancellationError()
            }
        }
        progress.finish()
        guard isReadable else { throw error(unreadable, of: source.count) }
        return seen
    }

    private func look(at levels: Tensor, _ prompts: Prompts?, from first: Int) throws -> SeenBatch {
        let found = try network.features(ofLevels: levels)
        return SeenBatch(
            levels: levels, features: found.features, logits: found.logits,
            promptScores: prompts?.scores(ofLevels: levels, from: first).map { Tensor($0) })
    }

    /// Keeps statistics for the next time.
    func keep(_ seen: FeatureStatistics, key: String) throws {
        guard let folder, processes.isFirst else { return }
        try makeFolder(folder)
        try SafetensorsFile.write(seen.state, to: file(key, in: folder))
    }

    private func file(_ key: String, in folder: URL) -> URL {
        folder.appending(path: "\(sha256(Data(key.utf8)).prefix(32)).safetensors")
    }

    private func kept(_ key: String) -> FeatureStatistics? {
        guard let folder, let state = try? SafetensorsFile(file(key, in: folder)).all() else { return nil }
        return FeatureStatistics(
            network.kind, state: Dictionary(uniqueKeysWithValues: state.map { ($0, $1) }))
    }

    /// Nil if some of a set's images cannot be read, for reasons that are noted.
    private func levels(of source: ImageSource, _ numbers: [Int], _ unreadable: inout [String]) throws
        -> Tensor?
    {
        do {
            return try source.levels(numbers)
        } catch  where source.isSet {
            let reasons = failures(of: source, numbers)
            guard !reasons.isEmpty else { throw error }
            unreadable += reasons
            return nil
        }
    }

    /// Why single images of a batch cannot be read.
    private func failures(of source: ImageSource, _ numbers: [Int]) -> [String] {
        numbers.compactMap { number in
            do {
                _ = try source.levels([number])
                return nil
            } catch { return "\(error)" }
        }
    }

    private func error(_ reasons: [String], of count: Int) -> KitError {
        guard !reasons.isEmpty else {
            return KitError("Another process has found images that cannot be read, which it names.")
        }
        let shown = reasons.prefix(5).map { "\n  \($0)" }.joined()
        let others = reasons.count > 5 ? "\n  and \(reasons.count - 5) more" : ""
        return KitError(
            "\(reasons.count) of \(count) images cannot be read; remove or replace them:\(shown)\(others)")
    }
}
