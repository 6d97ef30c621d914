// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Evaluation
import OrderedCollections
import Torch
import Weights

/// What `dmd bench` can time.
enum BenchItem: String, CaseIterable {
    case step = "dmd_step"
    case generatorGradients = "generator_gradients"
    case criticUpdate = "critic_update"
    case sampleOneStep = "sample_one_step"
    case sampleHeun = "sample_heun18"
    case textToImage = "text_to_image"
}

/// The work of the items that all networks have.
struct BenchWork<Network: Denoiser> {
    let z: Tensor
    private let bench: Bench
    private let device: Device
    private let network: Network
    private let makeNetwork: () -> Network
    private let condition: Tensor
    private let computeType: ComputeType
    private let distance: (LPIPS) -> Distance

    init(
        _ bench: Bench, _ device: Device, network: Network, makeNetwork: @escaping () -> Network,
        condition: Tensor, distance: @escaping (LPIPS) -> Distance
    ) {
        self.bench = bench
        self.device = device
        self.network = network
        self.makeNetwork = makeNetwork
        self.condition = condition
        self.distance = distance
        network.move(to: device)
        computeType = bench.bfloat16 ? .bfloat16 : .float32
        network.setComputeType(computeType)
        network.setRecomputes(bench.checkpointing)
        var stream = RandomStream(seed: 0, purpose: "bench.z")
        z = stream.normal([bench.batch] + network.sampleShape, device: device)
    }

    func make(_ item: BenchItem) throws -> () -> Void {
        switch item {
        case .step: try step()
        case .generatorGradients: generatorGradients()
        case .criticUpdate: criticUpdate()
        case .sampleOneStep:
            {
                wait(
                    withoutGradients {
                        inParts(z, condition) { network.generate(from: $0, condition: $1) }
                    })
            }
        case .sampleHeun, .textToImage: preconditionFailure("not every network has the item \(item)")
        }
    }

    private func step() throws -> () -> Void {
        var recipe = DistillationRecipe()
        recipe.batch = bench.batch
        recipe.pairBatch = bench.pairs
        recipe.criticSteps = bench.criticSteps
        recipe.computeType = computeType
        recipe.gradientCheckpointing = bench.checkpointing
        let prompts = network.classCount > 0 ? nil : TensorConditions(condition.to(Device.cpu))
        let description = PairDescription(
            count: bench.pairs, seed: 0, sampleShape: network.sampleShape, classCount: network.classCount,
            prompts: prompts.map { PairDescription.Prompts($0, guidance: 3) },
            teacher: fingerprint(of: network.state), sampler: "none")
        let distiller = try Distiller(
            recipe, teacher: network, makeNetwork: makeNetwork,
            pairs: PairSet(
                description, images: .zeros([bench.pairs] + network.sampleShape), conditions: prompts),
            distance: distance(LPIPS(weights: bench.lpips.url, resize: bench.lpipsSize, device: device)),
            conditions: prompts, device: device)
        var index = 0
        return {
            wait(distiller.step(index).criticLoss)
            index += 1
        }
    }

    private func generatorGradients() -> () -> Void {
        var stream = RandomStream(seed: 0, purpose: "bench.v")
        let v = stream.normal(z.shape, device: device).chunked(parts)
        network.setRequiresGrad(true)
        return {
            accumulate { z, condition, part in
                (v[part] * network.generate(from: z, condition: condition)).sum()
            }
            for parameter in network.parameters.values { parameter.setGradient(nil) }
        }
    }

    private func criticUpdate() -> () -> Void {
        network.setRequiresGrad(true)
        let optimizer = AdamW(parameters: network.parameters, learningRate: 5e-5)
        return {
            var stream = RandomStream(seed: 0, purpose: "bench.noise")
            let noise = stream.normal(z.shape, device: device).chunked(parts)
            let steps = stream.integers(below: 1_000, shape: [bench.batch], device: device).chunked(parts)
            accumulate { x, condition, part in
                let level = network.schedule.level(at: steps[part])
                let prediction = network(
                    level.noising(x, noise: noise[part]), at: level, condition: condition)
                return criticLoss(prediction: prediction, x: x, weight: network.lossWeight(at: level))
            }
            wait(clipGradientNorm(network.parameters.values, to: 10))
            optimizer.step()
            optimizer.zeroGradients()
        }
    }

    private var parts: Int { device == .cpu ? min(LibTorch.threads, bench.batch) : 1 }

    private func accumulate(_ loss: (_ x: Tensor, _ condition: Tensor, _ part: Int) -> Tensor) {
        let (z, condition) = (z.chunked(parts), condition.chunked(parts))
        _ = accumulateGradients(of: network.parameters.values, over: parts) { part in
            (loss(z[part], condition[part], part), ())
        }
    }
}

/// Waits for the device.
func wait(_ tensor: Tensor) {
    _ = tensor.flattened(from: 0).narrowed(dim: 0, start: 0, count: 1).item()
}
