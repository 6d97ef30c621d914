// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import OrderedCollections

/// Gives layers of a network numbers of eight bits, as many as a stated error allows.
///
/// 1. The range of each layer's inputs is the one that changes samples of them the least.
/// 2. What a layer's outputs then lack on average goes into its bias.
/// 3. Each layer is tried alone: how far does it lead the network's results from what they were? A few layers of a
///    one-step generator do most of the damage, which no later step repairs (Zhao et al. 2024, arXiv 2405.17873).
/// 4. Layers are taken in the order of damage for the work they save, as long as the sum of damages, and in the end the results'
///    true error, stay within what is allowed.
public struct Int8Choice {
    /// What came of it.
    public struct Report: Sendable, Equatable {
        /// The layers that have numbers of eight bits.
        public var layers: Int
        /// All that were tried.
        public var tried: Int
        /// The share of the tried layers' multiplications that those are.
        public var work: Double
        /// How far the results are from what they were: the root of the mean of squares, as a share of the results' own deviation.
        public var error: Double
    }

    private struct Candidate {
        let path: String
        let layer: any Int8Layer
        var numbers: Int8Weights
        /// Multiplications.
        let work: Double
        var damage = 0.0
    }

    private let layers: OrderedDictionary<String, any Int8Layer>
    private let tolerance: Double?
    private let results: () throws -> Tensor

    /// - Parameters:
    ///   - network: the network, float32 on the CPU.
    ///   - tolerance: the largest error, see ``Report/error``; above 0, or nil to take all layers, untried.
    ///   - results: what the network makes of inputs that are the same each time.
    public init(for network: some Module, tolerance: Double?, results: @escaping () throws -> Tensor) {
        layers = network.int8Layers
        self.tolerance = tolerance
        self.results = results
    }

    /// Tries the layers, and leaves the network with the chosen numbers.
    ///
    /// - Parameter progress: hears how many evaluations of how many are done; what it throws ends the work, with the network as it was.
    /// - Throws: what `results` and `progress` throw.
    public func run(progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }) throws -> Report {
        do {
            return try withoutGradients { try chosen(progress) }
        } catch {
            for layer in layers.values { layer.products.value = .asGiven }
            throw error
        }
    }

    private func chosen(_ progress: (Int, Int) throws -> Void) throws -> Report {
        var (done, total) = (0, layers.count + 3)
        func evaluated() throws -> Tensor {
            let made = try results()
            done += 1
            try progress(done, max(done, total))
            return made
        }
        let watches = layers.mapValues { layer in
            let watch = LayerWatch()
            layer.products.value = .init(kind: .watched(watch))
            return watch
        }
        let target = try evaluated()
        var candidates: [Candidate] = []
        let deviation = (target - target.mean()).square().mean().item()
        for (path, layer) in layers {
            layer.products.value = .asGiven
            guard let watch = watches[path], watch.rows > 0, Self.isWorthIt(layer.weight) else { continue }
            candidates.append(
                Candidate(
                    path: path, layer: layer,
                    numbers: Int8Weights(of: layer.weight, bias: layer.bias, inputs: watch.bestRange),
                    work: Double(watch.rows) * Double(layer.weight.count)))
        }
        total = candidates.count + 3
        try correctBiases(&candidates, evaluated)
        func error() throws -> Double { try evaluated().meanSquaredError(to: target).item() / deviation }
        for index in candidates.indices where tolerance != nil {
            candidates[index].layer.setProducts(of: candidates[index].numbers)
            candidates[index].damage = try error()
            candidates[index].layer.products.value = .asGiven
        }
        candidates.sort { $0.damage / $0.work < $1.damage / $1.work }
        let most = tolerance.map { $0 * $0 } ?? .infinity
        var budget = most
        while true {
            var damage = 0.0
            let taken = candidates.prefix { candidate in
                damage += candidate.damage
                return damage <= budget
            }
            for candidate in candidates { candidate.layer.products.value = .asGiven }
            for candidate in taken { candidate.layer.setProducts(of: candidate.numbers) }
            let found = taken.isEmpty ? 0 : try error()
            if found <= most {
                let work = candidates.reduce(0) { $0 + $1.work }
                return Report(
                    layers: taken.count, tried: candidates.count,
                    work: work > 0 ? taken.reduce(0) { $0 + $1.work } / work : 0,
                    error: found.squareRoot())
            }
            // Damages of layers together are more than their sum.
            budget = min(budget, damage) * min(0.9, most / found)
        }
    }

    /// Adds to the biases what the products lack on average.
    private func correctBiases(_ candidates: inout [Candidate], _ evaluated: () throws -> Tensor) throws {
        let watches = candidates.map { candidate in
            let watch = LayerWatch(Int8Product(candidate.numbers, candidate.layer.convolution))
            candidate.layer.products.value = .init(kind: .watched(watch))
            return watch
        }
        _ = try evaluated()
        for index in candidates.indices {
            candidates[index].layer.products.value = .asGiven
            if let lack = watches[index].meanLack {
                candidates[index].numbers = candidates[index].numbers.adding(toBias: lack)
            }
        }
    }

    /// Whether so many products are made of each input that they outweigh its rounding.
    private static func isWorthIt(_ weight: Tensor) -> Bool {
        weight.count / weight.shape[0] >= 64 && weight.shape[0] >= 16
    }
}
