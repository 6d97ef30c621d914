// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Files
import Foundation
import OrderedCollections
import Torch

/// What scores need to know of a set of images. Images pass by in batches: without `keepsFeatures` memory does not grow
/// with their number.
struct FeatureStatistics {
    /// Mean and covariance of the features, in groups.
    private(set) var statistics: GroupedStatistics
    /// Brightness, contrast and saturation.
    private(set) var colours = ColourStatistics()
    /// The sums of the images of a set.
    private(set) var sums = ""
    /// How well each image fits its prompt; empty where that is not asked.
    private(set) var promptScores: [Double] = []
    private var features: [Tensor] = []
    private var logits: [Tensor] = []
    /// Where the network computes; features wait on the CPU.
    private var device = Device.cpu
    private let keepsFeatures: Bool

    /// Nothing seen yet.
    init(_ kind: FeatureKind, keepsFeatures: Bool) {
        statistics = GroupedStatistics(dimension: kind.count)
        self.keepsFeatures = keepsFeatures
    }

    /// The number of images seen.
    var count: Int { statistics.count }

    /// The features of all images `[N, D]`, where the network computes; nil where they are not kept.
    var allFeatures: Tensor? { features.isEmpty ? nil : .concatenated(features).to(device) }

    /// The logits of all images `[N, C]`; nil where they are not kept or the network has none.
    var allLogits: Tensor? { logits.isEmpty ? nil : .concatenated(logits) }

    /// The sum of all images of a set.
    var sha256: String { Files.sha256(Data(sums.utf8)) }

    /// Takes the next batch.
    ///
    /// - Parameter isOfSet: whether the images are a set's, of which a sum is kept.
    mutating func add(_ batch: SeenBatch, isOfSet: Bool) {
        promptScores += batch.promptScores?.array() ?? []
        statistics.add(batch.features)
        colours.add(levels: batch.levels)
        if isOfSet { sums += imageSums(batch.levels).joined() }
        guard keepsFeatures else { return }
        device = batch.features.device
        features.append(batch.features.to(.cpu))
        if let found = batch.logits { logits.append(found.to(.cpu)) }
    }
}

/// A batch of images, and what was found in them.
struct SeenBatch {
    /// The images, uint8 `[N, C, H, W]`.
    let levels: Tensor
    /// `[N, D]`.
    let features: Tensor
    /// `[N, C]`; nil where the network has none.
    let logits: Tensor?
    /// How well each image fits its prompt, `[N]`; nil where that is not asked.
    let promptScores: Tensor?

    /// The batches of all processes, by rank.
    func gathered(by processes: Communicator) throws -> [SeenBatch] {
        func each(_ tensor: Tensor) throws -> [Tensor] {
            try processes.gathered(tensor).chunked(processes.count)
        }
        let (levels, features) = (try each(levels), try each(features))
        let (logits, promptScores) = (try logits.map(each), try promptScores.map(each))
        return (0..<processes.count).map {
            SeenBatch(
                levels: levels[$0], features: features[$0], logits: logits?[$0],
                promptScores: promptScores?[$0])
        }
    }
}

extension FeatureStatistics {
    /// Goes on from a ``state``; nil if it is not one.
    init?(_ kind: FeatureKind, state: [String: Tensor]) {
        func under(_ prefix: String) -> [String: Tensor] {
            let members = state.filter { $0.key.hasPrefix(prefix) }
            return Dictionary(
                uniqueKeysWithValues: members.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
        }
        guard let statistics = GroupedStatistics(state: under("statistics.")),
            statistics.dimension == kind.count,
            let colours = ColourStatistics(state: under("colours.")), colours.count == statistics.count
        else { return nil }
        (self.statistics, self.colours) = (statistics, colours)
        features = state["features"].map { [$0] } ?? []
        logits = state["logits"].map { [$0] } ?? []
        keepsFeatures = !features.isEmpty
        promptScores = state["promptScores"]?.array() ?? []
        sums =
            state["sums"].map { String(decoding: $0.array(as: Int.self).map(UInt8.init), as: UTF8.self) }
            ?? ""
    }

    /// All there is, to be written to a file.
    var state: OrderedDictionary<String, Tensor> {
        var state: OrderedDictionary<String, Tensor> = [:]
        for (name, tensor) in statistics.state { state["statistics.\(name)"] = tensor }
        for (name, tensor) in colours.state { state["colours.\(name)"] = tensor }
        state["features"] = allFeatures?.to(.cpu)
        state["logits"] = allLogits
        if !promptScores.isEmpty { state["promptScores"] = Tensor(promptScores) }
        if !sums.isEmpty { state["sums"] = Tensor(sums.utf8.map { Int($0) }) }
        return state
    }
}

/// The SHA-256 sum of each image's levels.
private func imageSums(_ levels: Tensor) -> [String] {
    let size = levels.count / levels.shape[0]
    return levels.to(.cpu).contiguous().withUnsafeBytes { bytes in
        (0..<levels.shape[0]).map { sha256(bytes[$0 * size..<($0 + 1) * size]) }
    }
}
