// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Evaluation
import Foundation
import OrderedCollections
import Torch
import Training
import Weights

/// The work of the items that denoisers of all kinds have.
struct BenchmarkWork<Network: Denoiser> {
    private let benchmark: Benchmark
    private let network: Network
    private let condition: Condition
    private let distance: (LPIPS) -> Distance
    private let z: Tensor

    /// - Parameters:
    ///   - network: what is trained and sampled; it is the teacher, too.
    ///   - condition: that of a batch, on the device.
    ///   - distance: what the regression loss compares.
    init(
        _ benchmark: Benchmark, _ network: Network, condition: Condition,
        distance: @escaping (LPIPS) -> Distance
    ) {
        self.benchmark = benchmark
        self.network = network
        self.condition = condition
        self.distance = distance
        network.move(to: benchmark.compute.device)
        network.setComputeType(benchmark.computeType)
        network.setActivationCheckpointing(benchmark.checkpointing)
        var stream = RandomStream(seed: 0, purpose: "bench.z")
        z = stream.normal([benchmark.batch] + network.sampleShape, device: benchmark.compute.device)
    }

    /// See ``Benchmark/Network/work(_:of:)``.
    func work(_ item: Benchmark.Item) throws -> () throws -> Void {
        switch item {
        case .step: try step()
        case .generatorUpdate: generatorUpdate()
        case .criticUpdate: criticUpdate()
        case .sampleOneStep: try sampling { Generator($0)($1, given: $2) }
        case .sampleHeun: try sampling { heun($0, noise: $1, given: $2, steps: 18) }
        case .textToImage: preconditionFailure("a denoiser alone makes no images of text")
        }
    }

    private func step() throws -> () throws -> Void {
        var recipe = DistillationRecipe()
        recipe.batch = benchmark.batch
        recipe.regression.batch = benchmark.pairs
        recipe.critic.steps = benchmark.criticSteps
        recipe.computeType = benchmark.computeType
        recipe.gradientCheckpointing = benchmark.checkpointing
        let prompts = network.classCount > 0 ? nil : TensorConditions(condition.to(.cpu))
        let description = PairDescription(
            count: benchmark.pairs, seed: 0, sampleShape: network.sampleShape, classCount: network.classCount,
            prompts: prompts.map { PairDescription.Prompts($0, guidance: 3) },
            teacher: fingerprint(of: network.state), sampler: "none")
        let lpips = try LPIPS(
            weights: DataFiles.lpips(benchmark.lpips?.relativePath), resize: benchmark.lpipsSize,
            device: benchmark.compute.device)
        let distiller = try Distiller(
            recipe, teacher: network,
            pairs: PairSet(
                description, images: .zeros([benchmark.pairs] + network.sampleShape), conditions: prompts),
            distance: distance(lpips), conditions: prompts, device: benchmark.compute.device)
        var index = 0
        return {
            try requireUpdate(distiller.step(index).fault?.values)
            index += 1
            wait(distiller.critic.network)
        }
    }

    private func generatorUpdate() -> () throws -> Void {
        var stream = RandomStream(seed: 0, purpose: "bench.v")
        let v = stream.normal(z.shape, device: benchmark.compute.device).chunked(partCount)
        let network = network
        return updating { z, condition, part in
            (v[part] * Generator(network)(z, given: condition)).sum()
        }
    }

    private func criticUpdate() -> () throws -> Void {
        var stream = RandomStream(seed: 0, purpose: "bench.noise")
        let device = benchmark.compute.device
        let noise = stream.normal(z.shape, device: device).chunked(partCount)
        let numbers = stream.integers(
            below: network.schedule.count, shape: [benchmark.batch], device: device
        ).chunked(partCount)
        let network = network
        return updating { x, condition, part in
            let level = network.schedule.level(at: numbers[part])
            let prediction = network(level.noising(x, noise: noise[part]), at: level, given: condition)
            return denoisingLoss(prediction: prediction, x: x, weight: network.lossWeight(at: level)).sum()
        }
    }

    /// An update on the sum of the losses of a batch's parts.
    private func updating(
        _ loss: @escaping @Sendable (_ x: Tensor, _ condition: Condition, _ part: Int) -> Tensor
    ) -> () throws -> Void {
        let trained = TrainedNetwork("network", network)
        let (x, conditions) = (z.chunked(partCount), condition.chunked(partCount))
        return {
            let update = try trained.update(microBatches: x.count, learningRate: 5e-5, clipNorm: 10) { part in
                let loss = loss(x[part], conditions[part], part)
                return MicroBatch(loss: loss, scalars: ["loss": loss.detached()], result: part)
            }
            try requireUpdate(update.fault)
            wait(trained.network)
        }
    }

    private func sampling(
        _ sample: @escaping @Sendable (Network, Tensor, Condition?) -> Tensor
    ) throws -> () throws -> Void {
        let samples = {
            withoutGradients {
                inParts(z, given: condition) { [network] in sample(network, $0, $1) }
            }
        }
        if benchmark.int8 { try takeInt8(network, samples) }
        return { wait(samples()) }
    }

    private var partCount: Int { min(benchmark.compute.device.threads, benchmark.batch) }
}

extension Benchmark {
    fileprivate var computeType: ComputeType { bfloat16 ? .bfloat16 : .float32 }
}

/// - Throws: ``KitError`` where an update was not made, since its time says nothing.
private func requireUpdate(_ fault: [String: Double]?) throws {
    try LibTorch.throwFailure()
    guard let fault else { return }
    let names = fault.filter { !$0.value.isFinite }.keys.sorted().joined(separator: ", ")
    throw KitError(
        "An update could not be timed, since \(names) of the random network is not finite: try float32.")
}

/// Lets all layers of networks make their products of whole numbers of eight bits.
func takeInt8(_ network: some Module, _ results: @escaping () -> Tensor) throws {
    _ = try Int8Choice(for: network, tolerance: nil, results: results).run()
}

/// Waits for the device.
func wait(_ tensor: Tensor) {
    _ = tensor.flattened(from: 0).narrowed(dim: 0, start: 0, count: 1).item()
}

/// Waits until the weights are there.
private func wait(_ network: some Module) {
    if let last = network.parameters.values.last { wait(last.detached()) }
}
