// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
import Torch

/// Times a distillation step, its parts, and sampling. All weights and images are random: only shapes matter.
///
/// Memory is that of the whole process, so that an item's own is known where it is the only one of its process.
public struct Benchmark: Job {
    /// The network.
    public var network: Network
    /// Channels of the network's highest resolution; nil for the usual ones.
    public var modelChannels: Int?
    /// Images for distribution matching.
    public var batch: Int
    /// Images in the regression loss.
    public var pairs: Int
    /// Updates of the critic in a step.
    public var criticSteps: Int
    /// Whether the networks compute in bfloat16.
    public var bfloat16: Bool
    /// Whether layers make their products of whole numbers of eight bits; for sampling alone.
    public var int8 = false
    /// Whether the backward pass makes the networks' inner results again.
    public var checkpointing: Bool
    /// LPIPS's weights; nil for those that are installed.
    public var lpips: URL?
    /// Height and width to which LPIPS enlarges images; nil leaves them as they are.
    public var lpipsSize: Int?
    /// Measured runs of each item, after one that is not measured.
    public var repeats: Int
    /// What to time; nil for all that the network can do, in int8 for sampling.
    public var items: [Item]?
    /// Where to compute.
    public var compute: ComputeSettings

    /// A benchmark; see the properties.
    public init(
        _ network: Network = .fashion, modelChannels: Int? = nil, batch: Int = 64, pairs: Int = 32,
        criticSteps: Int = 1, bfloat16: Bool = false, checkpointing: Bool = false, lpips: URL? = nil,
        lpipsSize: Int? = nil, repeats: Int = 5, items: [Item]? = nil, compute: ComputeSettings = .cpu
    ) {
        (self.network, self.modelChannels) = (network, modelChannels)
        (self.batch, self.pairs, self.criticSteps) = (batch, pairs, criticSteps)
        (self.bfloat16, self.checkpointing) = (bfloat16, checkpointing)
        (self.lpips, self.lpipsSize) = (lpips, lpipsSize)
        (self.repeats, self.items, self.compute) = (repeats, items, compute)
    }

    /// What is timed: the ``items``, or all that the network can do as it computes.
    public var timedItems: [Item] { items ?? network.items.filter { !int8 || !$0.isTraining } }

    /// Times one item after another.
    public func run(in context: JobContext) throws -> Report {
        try check()
        // The product comes last, so that its memory is not counted with an item's.
        let measured = try timedItems.map { try measure($0, context) }
        return Report(
            version: LibTorch.version, config: network.rawValue,
            modelChannels: modelChannels ?? network.modelChannels, batch: batch, pairs: pairs,
            criticSteps: criticSteps, lpipsSize: lpipsSize, threads: LibTorch.threads,
            productGflops: productRate() / 1e9, items: measured)
    }

    private func check() throws {
        try require(
            ("batch", batch, .batches), ("pairs", pairs, .batches), ("criticSteps", criticSteps, 1...1_000),
            ("repeats", repeats, 1...1_000_000), ("modelChannels", modelChannels, 1...65_536),
            ("lpipsSize", lpipsSize, .imageSides))
        if let item = timedItems.first(where: \.isTraining), int8 {
            throw SettingError(
                "items", "has '\(item.rawValue)', which needs gradients, and int8 has none",
                "choose sampling alone")
        }
        for item in items ?? [] where !network.items.contains(item) {
            let names = network.items.map(\.rawValue).joined(separator: ", ")
            throw SettingError(
                "items", "has '\(item.rawValue)', which \(network.rawValue) cannot do", "choose of \(names)")
        }
    }

    /// The median time of an item, after one run that is not measured.
    private func measure(_ item: Item, _ context: JobContext) throws -> Report.Item {
        var progress = context.counter(item.rawValue, total: repeats + 1, unit: "run")
        let work = try network.work(item, of: self)
        // What drawing the weights took is not the work's.
        LibTorch.returnFreedMemory()
        var times: [Double] = []
        for run in 0...repeats {
            try context.check()
            let time = try seconds(work)
            if run > 0 { times.append(time) }
            progress.update(run + 1)
        }
        progress.finish()
        times.sort()
        let middle = (times[(repeats - 1) / 2] + times[repeats / 2]) / 2
        return Report.Item(name: item.rawValue, seconds: middle, peakBytes: peakMemory())
    }

    /// Operations a second in a float32 product of two 2048 x 2048 matrices, best of five.
    private func productRate() -> Double {
        var stream = RandomStream(seed: 0, purpose: "bench.product")
        let (a, b) = (
            stream.normal([2_048, 2_048], device: compute.device),
            stream.normal([2_048, 2_048], device: compute.device)
        )
        func product() { _ = concurrently(1) { _ in a.matmul(b).selected(dim: 0, index: 0).sum().item() } }
        product()
        let best = (0..<5).map { _ in seconds(product) }.reduce(.infinity, min)
        return 2 * 2_048 * 2_048 * 2_048 / best
    }
}

private func seconds(_ work: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try work()
    return (ContinuousClock.now - start) / .seconds(1)
}
