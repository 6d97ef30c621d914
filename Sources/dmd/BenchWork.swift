// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Distillation
import Metrics
import OrderedCollections
import Torch

/// What `dmd bench` can time.
enum BenchItem: String, CaseIterable {
    case step = "dmd_step"
    case generatorGradients = "generator_gradients"
    case criticUpdate = "critic_update"
    case sampleOneStep = "sample_one_step"
    case sampleHeun = "sample_heun18"
}

/// The networks it knows.
enum BenchNetwork: String, CaseIterable, ExpressibleByArgument {
    case tinyFashion = "tiny-fashion"
    case fashion = "fashion-mnist"
    case cifar10Half = "cifar10-half"
    case cifar10
    case cifar10NCSNpp = "cifar10-ncsnpp"
    case imageNet64 = "imagenet64"

    var network: UNetConfiguration {
        func with(_ channels: Int, _ network: UNetConfiguration) -> UNetConfiguration {
            var network = network
            network.modelChannels = channels
            return network
        }
        return switch self {
        case .tinyFashion: with(16, .fashionMNIST)
        case .fashion: with(32, .fashionMNIST)
        case .cifar10Half: with(64, .cifar10Conditional())
        case .cifar10: .cifar10Conditional()
        case .cifar10NCSNpp: .cifar10Conditional(.ncsnpp)
        case .imageNet64: .imageNet64
        }
    }
}

/// Makes the work of each item, ready to be run again and again.
struct BenchWork {
    private let bench: Bench
    private let device: Device
    private let teacher: EDMDenoiser
    private let z: Tensor
    private let condition: Tensor

    init(_ bench: Bench, device: Device) {
        self.bench = bench
        self.device = device
        teacher = bench.network.makeDenoiser(seed: 0)
        teacher.move(to: device)
        teacher.setComputeType(bench.bfloat16 ? .bfloat16 : .float32)
        teacher.setRecomputes(bench.checkpointing)
        var stream = RandomStream(seed: 0, purpose: "bench.z")
        z = stream.normal([bench.batch] + teacher.sampleShape, device: device)
        let classes = stream.integers(below: teacher.classCount, shape: [bench.batch], device: device)
        condition = classes.oneHot(classCount: teacher.classCount).to(.float32)
    }

    func make(_ item: BenchItem) throws -> () -> Void {
        switch item {
        case .step: try step()
        case .generatorGradients: generatorGradients()
        case .criticUpdate: criticUpdate()
        case .sampleOneStep: { wait(teacher.makeImages(from: z, condition: condition, steps: 1)) }
        case .sampleHeun: { wait(teacher.makeImages(from: z, condition: condition, steps: 18)) }
        }
    }

    private func step() throws -> () -> Void {
        var recipe = DistillationRecipe()
        recipe.batch = bench.batch
        recipe.pairBatch = bench.pairs
        recipe.criticSteps = bench.criticSteps
        recipe.computeType = teacher.computeType
        recipe.gradientCheckpointing = bench.checkpointing
        let description = PairDescription(
            count: bench.pairs, seed: 0, sampleShape: teacher.sampleShape, classCount: teacher.classCount,
            teacher: fingerprint(of: teacher.state), sampler: "none")
        let lpips = try LPIPS(weights: bench.lpips.url, resize: bench.lpipsSize, device: device)
        let distiller = try Distiller(
            recipe, teacher: teacher, makeNetwork: teacher.untrained,
            pairs: PairSet(description, images: .zeros([bench.pairs] + teacher.sampleShape)),
            distance: { lpips($0, $1) }, device: device)
        var index = 0
        return {
            wait(distiller.step(index).criticLoss)
            index += 1
        }
    }

    private func generatorGradients() -> () -> Void {
        var stream = RandomStream(seed: 0, purpose: "bench.v")
        let v = stream.normal(z.shape, device: device).chunked(parts)
        teacher.setRequiresGrad(true)
        return {
            accumulate { z, condition, part in
                (v[part] * teacher.generate(from: z, condition: condition)).sum()
            }
            for parameter in teacher.parameters.values { parameter.setGradient(nil) }
        }
    }

    private func criticUpdate() -> () -> Void {
        teacher.setRequiresGrad(true)
        let optimizer = AdamW(parameters: teacher.parameters, learningRate: 5e-5)
        return {
            var stream = RandomStream(seed: 0, purpose: "bench.noise")
            let noise = stream.normal(z.shape, device: device).chunked(parts)
            let steps = stream.integers(below: 1_000, shape: [bench.batch], device: device).chunked(parts)
            accumulate { x, condition, part in
                let level = teacher.schedule.level(at: steps[part])
                let prediction = teacher(
                    level.noising(x, noise: noise[part]), at: level, condition: condition)
                return criticLoss(prediction: prediction, x: x, weight: teacher.lossWeight(at: level))
            }
            wait(clipGradientNorm(teacher.parameters.values, to: 10))
            optimizer.step()
            optimizer.zeroGradients()
        }
    }

    private var parts: Int { device == .cpu ? min(LibTorch.threads, bench.batch) : 1 }

    private func accumulate(_ loss: (_ x: Tensor, _ condition: Tensor, _ part: Int) -> Tensor) {
        let (z, condition) = (z.chunked(parts), condition.chunked(parts))
        _ = accumulateGradients(of: teacher.parameters.values, over: parts) { part in
            (loss(z[part], condition[part], part), ())
        }
    }

    /// Waits for the device.
    private func wait(_ tensor: Tensor) {
        _ = tensor.flattened(from: 0).narrowed(dim: 0, start: 0, count: 1).item()
    }
}
