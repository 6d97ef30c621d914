// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import OrderedCollections
import TestSupport
import Testing
import Torch
import Training

@Suite("A distillation in several processes")
struct ProcessesTests {
    private static let modes = Mixture(centers: [[-0.6, 0], [0.6, 0.2]], shares: [0.5, 0.5], width: 0.1)

    /// Settings that together use every term, with four micro-batches.
    enum Kind: String, CaseIterable, Sendable {
        case pairs, joined, regressionAlone, adversarial, weighted, identity, fewSteps

        var recipe: DistillationRecipe {
            Toy.recipe {
                // The parts are of 9 and 8 samples.
                ($0.batch, $0.microBatch, $0.warmUpSteps) = (34, 9, 0)
                if self != .pairs, self != .joined, self != .regressionAlone { $0.regression.weight = 0 }
                switch self {
                case .pairs: break
                case .joined: $0.regression.joinBatch = true
                case .regressionAlone: $0.distributionMatching.weight = 0
                case .adversarial:
                    ($0.adversarial.weight, $0.adversarial.r1Weight, $0.critic.steps) = (1, 0.5, 2)
                case .weighted:
                    ($0.distributionMatching.divergence, $0.adversarial.weight) = (.forwardKL, 0.1)
                case .identity:
                    ($0.distributionMatching.weight, $0.scoreIdentity.weight) = (0, 1)
                case .fewSteps: $0.levels = [999, 500]
                }
            }
        }

        func distiller(
            _ processes: Communicator, _ change: (inout DistillationRecipe) -> Void = { _ in }
        ) throws -> Distiller<ObservedDenoiser> {
            var recipe = recipe
            change(&recipe)
            let toy = Toy(ProcessesTests.modes)
            return try Distiller(
                recipe, teacher: ObservedDenoiser(toy.teacher),
                pairs: recipe.regression.weight > 0 ? toy.pairs : nil,
                distance: { Toy.distance($0, $1) },
                realImages: Points(points: Tensor.ones([64, 2, 1, 1]) * 0.5), processes: processes)
        }

        /// What a few steps make of it: weights, and what the last one measured.
        func run(_ processes: Communicator) throws -> (state: [String: [Float]], scalars: [String: Double]) {
            let distiller = try distiller(processes)
            var scalars: [String: Double] = [:]
            for index in 0..<3 {
                let report = try distiller.step(index)
                #expect(report.fault == nil)
                if index == 2 { scalars = try distiller.scalars(of: report, done: 3) }
            }
            var state: [String: [Float]] = [:]
            for (file, tensors) in distiller.state {
                for (name, tensor) in tensors { state["\(file)/\(name)"] = tensor.array(as: Float.self) }
            }
            return (state, scalars)
        }
    }

    @Test("comes to the bits of one process, whatever its terms", arguments: Kind.allCases, [2, 4])
    func sameBits(kind: Kind, count: Int) throws {
        let alone = try kind.run(.alone)
        for result in try inProcesses(count, kind.run) {
            let (state, scalars) = try result.get()
            #expect(state.keys.sorted() == alone.state.keys.sorted())
            let differing = alone.state.keys.filter { state[$0] != alone.state[$0] }
            #expect(differing.isEmpty)
            #expect(scalars.keys.sorted() == alone.scalars.keys.sorted())
            for (name, value) in alone.scalars {
                #expect(abs((scalars[name] ?? .nan) - value) <= 1e-5 * abs(value), "\(kind): \(name)")
            }
        }
    }

    @Test(
        "leaves, with sharded state, one process's checkpoint and averages",
        arguments: [Kind.pairs, .adversarial])
    func sharded(kind: Kind) throws {
        @Sendable func files(_ processes: Communicator) throws -> [String: [String: [Float]]] {
            let distiller = try kind.distiller(processes) { $0.shardedState = true }
            for index in 0..<3 { #expect(try distiller.step(index).fault == nil) }
            let files = try distiller.snapshot()
            if processes.isFirst {
                let average = files["generator-average"] ?? [:]
                for (name, tensor) in distiller.averagedGenerator().network.parameters {
                    #expect(average[name]?.array(as: Float.self) == tensor.array(as: Float.self))
                }
            }
            return files.mapValues { tensors in
                Dictionary(uniqueKeysWithValues: tensors.map { ($0.key, $0.value.array(as: Float.self)) })
            }
        }
        let alone = try files(.alone)
        for count in [2, 4] {
            let results = try inProcesses(count, files).map { try $0.get() }
            #expect(results[0] == alone && results.dropFirst().allSatisfy(\.isEmpty))
        }
    }

    @Test("is refused where the processes cannot share a batch")
    func uneven() throws {
        let results = try inProcesses(3) { processes in _ = try Kind.fewSteps.run(processes) }
        for result in results {
            #expect(
                throws: RecipeError.invalid(
                    key: "microBatch",
                    reason:
                        "makes 4 parts of a batch of 34, which 3 processes cannot share evenly: set it to 6")
            ) { try result.get() }
        }
    }

    @Test("is refused where a process has other pairs")
    func otherPairs() throws {
        let results = try inProcesses(2) { processes in
            let toy = Toy(Self.modes, pairs: processes.isFirst ? 64 : 32)
            _ = try Distiller(
                Kind.pairs.recipe, teacher: toy.teacher, pairs: toy.pairs,
                distance: { Toy.distance($0, $1) }, processes: processes)
        }
        for (rank, result) in results.enumerated() {
            #expect(throws: CommunicatorError.otherSettings(what: "set of pairs", rank: rank, ranks: [1])) {
                try result.get()
            }
        }
    }
}
