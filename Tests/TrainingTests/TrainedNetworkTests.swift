// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import OrderedCollections
import Synchronization
import TestSupport
import Testing
import Torch
import Training
import Weights

@Suite("A network in training")
struct TrainedNetworkTests {
    /// Two parameters, and a buffer that training leaves alone.
    private final class Vector: Module {
        let weight = Tensor([1.0, -2, 3])
        let bias = Tensor([0.5])
        let idle = Tensor([7.0])
        let scale = Tensor([4.0])
        var children: [Child] {
            [
                .parameter("weight", weight), .parameter("bias", bias), .parameter("idle", idle),
                .buffer("scale", scale),
            ]
        }
    }

    private static let rate = 0.1
    private static let decay = 0.25
    private static let betas = (0.8, 0.9)

    private func trained(_ network: Vector, halfLives: [Double] = []) -> TrainedNetwork<Vector> {
        TrainedNetwork(
            "net", network, betas: Self.betas, weightDecay: Self.decay,
            averages: halfLives.isEmpty
                ? nil : Averages(of: network, halfLivesImages: halfLives, rampUpRatio: nil))
    }

    /// A loss whose gradient is known: `sum(slopes[part] weight) + bias * part` for each part of a batch.
    private static let slopes = [[1.0, 2, 3], [0.5, -4, 0], [-2, 1, 6]]

    private func update(
        _ trained: TrainedNetwork<Vector>, parts: Int = 3, clipNorm: Double = 1e9,
        loss factor: Double = 1, measured: Double = 1
    ) throws -> UpdateReport<Int> {
        let network = trained.network
        return try trained.update(microBatches: parts, learningRate: Self.rate, clipNorm: clipNorm) { part in
            let loss =
                (Tensor(Self.slopes[part]) * network.weight).sum() + (network.bias * Double(part)).sum()
            return MicroBatch(
                loss: loss * factor, scalars: ["loss/a": Tensor(Double(part + 1) * measured)],
                result: part * 10)
        }
    }

    /// The sum of the parts' gradients: of the weights, then of the bias.
    private static let gradient = [-0.5, -1, 9, 3]

    private func bits(_ trained: TrainedNetwork<Vector>) -> [String: [String: [Double]]] {
        trained.state.mapValues { tensors in
            Dictionary(uniqueKeysWithValues: tensors.map { ($0.key, $0.value.array(as: Double.self)) })
        }
    }

    @Test("is updated as AdamW has it, on the sum of its micro-batches", arguments: [1e9, 2.0], [1, 2])
    func adamW(clipNorm: Double, threads: Int) throws {
        let trained = trained(Vector())
        let norm = Self.gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let clipped = Self.gradient.map { $0 * min(1, clipNorm / (norm + 1e-6)) }
        var values = [1.0, -2, 3, 0.5]
        var (means, squares) = ([Double](repeating: 0, count: 4), [Double](repeating: 0, count: 4))
        for step in 1...4 {
            let report = try LibTorch.withThreads(threads) { try update(trained, clipNorm: clipNorm) }
            #expect(report.fault == nil && report.results == [0, 10, 20])
            #expect(abs((report.scalars["norm/net"]?.item() ?? .nan) - norm) < 1e-12)
            #expect(report.scalars["loss/a"]?.item() == 6)
            for index in values.indices {
                let slope = clipped[index]
                values[index] -= Self.rate * Self.decay * values[index]
                means[index] = Self.betas.0 * means[index] + (1 - Self.betas.0) * slope
                squares[index] = Self.betas.1 * squares[index] + (1 - Self.betas.1) * slope * slope
                let mean = means[index] / (1 - pow(Self.betas.0, Double(step)))
                let square = squares[index] / (1 - pow(Self.betas.1, Double(step)))
                values[index] -= Self.rate * mean / (square.squareRoot() + 1e-8)
            }
            let found = trained.network.weight.array(as: Double.self) + trained.network.bias.array()
            for (a, b) in zip(found, values) { #expect(abs(a - b) < 1e-12) }
        }
        #expect(trained.network.idle.item() == 7 && trained.network.scale.item() == 4)
    }

    @Test("comes to the same with any number of threads and parts")
    func parts() throws {
        let found = try [1, 2, 3].map { threads in
            let trained = trained(Vector())
            try LibTorch.withThreads(threads) { for _ in 0..<3 { _ = try update(trained) } }
            return bits(trained)
        }
        #expect(found[0] == found[1] && found[1] == found[2])
        let whole = trained(Vector())
        let network = whole.network
        for _ in 0..<3 {
            _ = try whole.update(microBatches: 1, learningRate: Self.rate, clipNorm: 1e9) { _ in
                let loss =
                    (Tensor(Array(Self.gradient[..<3])) * network.weight).sum() + (network.bias * 3).sum()
                return MicroBatch(loss: loss, scalars: [:], result: ())
            }
        }
        for (a, b) in zip(
            bits(whole)["net"]?["weight"] ?? [.nan, .nan, .nan], found[0]["net"]?["weight"] ?? [])
        {
            #expect(abs(a - b) < 1e-12)
        }
    }

    @Test(
        "is left as it was, with its optimizer and its averages, where a number is not finite",
        arguments: [(Double.nan, 1.0), (.infinity, 1.0), (1.0, .nan), (1.0, .infinity)])
    func notFinite(loss: Double, measured: Double) throws {
        let trained = trained(Vector(), halfLives: [10])
        #expect(try update(trained).fault == nil)
        trained.updateAverages(batchSize: 5, imagesBefore: 0)
        let before = bits(trained)
        #expect(before.keys.sorted() == ["net", "net-average", "net-optimizer"])
        let report = try update(trained, loss: loss, measured: measured)
        let fault = try #require(report.fault)
        #expect(fault.keys.sorted() == ["loss/a", "norm/net"])
        #expect(fault["loss/a"]?.isFinite == measured.isFinite)
        #expect(fault["norm/net"]?.isFinite == loss.isFinite)
        #expect(report.results == [0, 10, 20])
        #expect(bits(trained) == before)
        #expect(trained.network.parameters.values.allSatisfy { $0.gradient == nil })
        #expect(try update(trained).fault == nil)
        #expect(bits(trained) != before)
    }

    @Test(
        "comes to the bits of one process in several, and is left alone in all where one finds a number that is not finite"
    )
    func processes() throws {
        @Sendable func run(_ processes: Communicator, fault: Int? = nil) throws -> [Double] {
            let network = Vector()
            let trained = TrainedNetwork("net", network, processes: processes)
            for step in 0..<3 {
                let report = try trained.update(microBatches: 4, learningRate: 0.1, clipNorm: 1) { part in
                    var stream = RandomStream(seed: 0, purpose: "slope", step: step, index: part)
                    let loss = (network.weight * stream.normal([3], dtype: .float64)).sum()
                    return MicroBatch(
                        loss: part == fault ? loss * .nan : loss, scalars: ["part": Tensor(Double(part))],
                        result: part)
                }
                #expect(report.results == Array(processes.share(of: 4)))
                #expect((report.fault == nil) == (fault == nil))
                if fault == nil { #expect(report.scalars["part"]?.item() == 6) }
            }
            return network.weight.array(as: Double.self)
        }
        let alone = try run(.alone)
        for count in [2, 4] {
            for result in try inProcesses(count, { try run($0) }) { #expect(try result.get() == alone) }
            for result in try inProcesses(count, { try run($0, fault: 3) }) {
                #expect(try result.get() == [1, -2, 3])
            }
        }
    }

    @Test(
        "keeps, sharded, a part of its state in each process, and comes to the bits of one; any number of processes go on from it",
        arguments: [1e9, 0.5])
    func shardedState(clipNorm: Double) throws {
        @Sendable func run(
            _ processes: Communicator, _ steps: Range<Int>, from start: URL? = nil, to end: URL? = nil
        ) throws
            -> [String: [String: [Double]]]
        {
            let (network, heads) = (Vector(), Vector())
            let trained = TrainedNetwork(
                "net", network, betas: Self.betas, weightDecay: Self.decay,
                averages: Averages(of: network, halfLivesImages: [5, 20], rampUpRatio: nil),
                with: .init("heads", heads), processes: processes, shardedState: true)
            if let start { try trained.load(#require(try CheckpointReader.latest(in: start))) }
            for step in steps {
                let report = try trained.update(
                    microBatches: 4, learningRate: 0.1, companionLearningRate: 0.3, clipNorm: clipNorm
                ) { part in
                    var stream = RandomStream(seed: 0, purpose: "slope", step: step, index: part)
                    let slopes = stream.normal([2, 3], dtype: .float64)
                    let loss =
                        (network.weight * slopes.selected(dim: 0, index: 0)).sum()
                        + (heads.weight * slopes.selected(dim: 0, index: 1)).sum() + heads.bias.sum()
                    return MicroBatch(loss: loss, scalars: [:], result: ())
                }
                #expect(report.fault == nil)
                trained.updateAverages(batchSize: 4, imagesBefore: 4 * step)
            }
            let numbers = trained.state.values.flatMap(\.values).reduce(0) { $0 + $1.count }
            // Of 10 numbers in parameters, and 2 in buffers, there are moments, and two averages of 5.
            let whole = 12 + 1 + 20 + 10
            #expect(processes.count == 1 ? numbers == whole : numbers < whole - 8)
            let files = try trained.snapshot()
            #expect(files.isEmpty != processes.isFirst)
            if processes.isFirst {
                if let end { try CheckpointWriter(end).write(step: 2, files: files, state: ["a": 1]) }
                let other = Vector()
                trained.copyAverage(1, to: other)
                let average = files["net-average-20"]?["weight"]?.array(as: Double.self)
                #expect(average == other.weight.array(as: Double.self))
            }
            return files.mapValues { tensors in
                Dictionary(uniqueKeysWithValues: tensors.map { ($0.key, $0.value.array(as: Double.self)) })
            }
        }
        let alone = try run(.alone, 0..<4)
        #expect(
            alone.keys.sorted() == ["heads", "net", "net-average", "net-average-20", "net-optimizer"])
        for count in [2, 4] {
            #expect(try inProcesses(count) { try run($0, 0..<4) }[0].get() == alone)
        }
        try withTemporaryFolder { folder in
            for result in try inProcesses(2, { try run($0, 0..<2, to: folder) }) { _ = try result.get() }
            for count in [1, 2, 4] {
                #expect(try inProcesses(count) { try run($0, 2..<4, from: folder) }[0].get() == alone)
            }
        }
    }

    @Test("wants gradients while it is updated, and at no other time")
    func gradients() throws {
        let network = Vector()
        network.setRequiresGrad(true)
        let trained = trained(network)
        func wants() -> [Bool] { network.parameters.values.map(\.requiresGrad) }
        #expect(wants() == [false, false, false])
        let inside = Mutex<[[Bool]]>([])
        _ = try trained.update(microBatches: 2, learningRate: 0.1, clipNorm: 1) { _ in
            inside.withLock { $0.append(network.parameters.values.map(\.requiresGrad)) }
            return MicroBatch(loss: network.weight.sum(), scalars: [:], result: ())
        }
        #expect(inside.withLock { $0 } == [[true, true, true], [true, true, true]])
        #expect(wants() == [false, false, false])
        #expect(network.parameters.values.allSatisfy { $0.gradient == nil })
        // What was measured holds no graph.
        let report = try trained.update(microBatches: 2, learningRate: 0.1, clipNorm: 1) { _ in
            let loss = network.weight.sum()
            return MicroBatch(loss: loss, scalars: ["loss/b": loss], result: ())
        }
        #expect(report.scalars.values.allSatisfy { !$0.requiresGrad })
    }

    @Test("moves its averages towards its weights when told to")
    func averages() throws {
        let trained = trained(Vector(), halfLives: [5, 20])
        let start = trained.network.weight.array(as: Double.self)
        _ = try update(trained)
        let each = try #require(trained.averages).each
        #expect(each.map { $0.state["weight"]?.array(as: Double.self) } == [start, start])
        trained.updateAverages(batchSize: 5, imagesBefore: 100)
        let now = trained.network.weight.array(as: Double.self)
        for (average, share) in zip(each, [0.5, 1 - pow(0.5, 0.25)]) {
            let found = average.state["weight"]?.array(as: Double.self) ?? []
            #expect(found.count == 3)
            for ((a, b), c) in zip(zip(start, now), found) { #expect(abs(a + share * (b - a) - c) < 1e-12) }
        }
    }

    @Test("goes on from a checkpoint as if nothing had been, and from no other network's")
    func checkpoint() throws {
        try withTemporaryFolder { folder in
            let (whole, first) = (trained(Vector(), halfLives: [5]), trained(Vector(), halfLives: [5]))
            for _ in 0..<2 { for network in [whole, first] { _ = try update(network) } }
            for network in [whole, first] { network.updateAverages(batchSize: 5, imagesBefore: 7) }
            try CheckpointWriter(folder).write(step: 2, files: first.state, state: ["a": 1])
            let other = Vector()
            other.weight.fill(9)
            let second = trained(other, halfLives: [5])
            let checkpoint = try #require(try CheckpointReader.latest(in: folder))
            try second.load(checkpoint)
            for network in [whole, second] { _ = try update(network) }
            #expect(bits(second) == bits(whole))

            let stranger = TrainedNetwork("other", Vector())
            #expect(throws: CheckpointError.self) { try stranger.load(checkpoint) }
        }
    }
}
