// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// Noise or images `[N, ...]`, and what each is conditioned on, `[N, ...]`, or nothing.
struct Conditioned {
    let tensor: Tensor
    let condition: Tensor?

    /// N.
    var count: Int { tensor.shape[0] }

    /// Parts whose sizes differ by one at most, one after another.
    func parts(_ count: Int) -> [Conditioned] {
        let conditions = condition?.chunked(count)
        return tensor.chunked(count).enumerated().map { index, part in
            Conditioned(tensor: part, condition: conditions?[index])
        }
    }

    /// The first `count` and the others.
    func split(at count: Int) -> (Conditioned, Conditioned) {
        let sizes = [count, tensor.shape[0] - count]
        let tensors = tensor.split(sizes: sizes)
        let conditions = condition?.split(sizes: sizes)
        return (
            Conditioned(tensor: tensors[0], condition: conditions?[0]),
            Conditioned(tensor: tensors[1], condition: conditions?[1])
        )
    }

    /// One after another.
    static func concatenated(_ parts: [Conditioned]) -> Conditioned {
        guard parts.count > 1 else { return parts[0] }
        let conditions = parts.compactMap(\.condition)
        return Conditioned(
            tensor: .concatenated(parts.map(\.tensor)),
            condition: conditions.isEmpty ? nil : .concatenated(conditions))
    }
}

/// How images are noised: the step of the schedule `[N]` for each, and unit normal noise.
struct Perturbation {
    let steps: Tensor
    let noise: Tensor

    /// Parts of the given sizes, one after another.
    func split(sizes: [Int]) -> [Perturbation] {
        zip(steps.split(sizes: sizes), noise.split(sizes: sizes)).map(Perturbation.init)
    }
}

/// The random numbers of one step, from streams of their own by what they are for.
struct Draws: ~Copyable {
    private let sampleShape: [Int]
    private let conditions: (any Conditions)?
    private let device: Device
    private var z: RandomStream
    private var label: RandomStream
    private var level: RandomStream
    private var noise: RandomStream

    /// - Parameter purpose: the beginning of the streams' names.
    init(
        _ purpose: String, seed: UInt64, step: Int, sampleShape: [Int], conditions: (any Conditions)?,
        device: Device
    ) {
        self.sampleShape = sampleShape
        self.conditions = conditions
        self.device = device
        z = RandomStream(seed: seed, purpose: "\(purpose).z", step: step)
        label = RandomStream(seed: seed, purpose: "\(purpose).label", step: step)
        level = RandomStream(seed: seed, purpose: "\(purpose).t", step: step)
        noise = RandomStream(seed: seed, purpose: "\(purpose).noise", step: step)
    }

    /// The generator's input: unit normal noise, and conditions with equal chances.
    mutating func latents(_ count: Int) -> Conditioned {
        let tensor = z.normal([count] + sampleShape, device: device)
        guard let conditions else { return Conditioned(tensor: tensor, condition: nil) }
        let numbers = label.integers(below: conditions.count, shape: [count]).array(as: Int.self)
        return Conditioned(tensor: tensor, condition: conditions(numbers).to(device))
    }

    /// Noise for `count` images, at steps of the schedule uniform in `range`.
    mutating func perturbation(_ count: Int, steps range: Range<Int>) -> Perturbation {
        let steps =
            level.integers(below: range.count, shape: [count], device: device) + Double(range.lowerBound)
        return Perturbation(
            steps: steps.to(.int64), noise: noise.normal([count] + sampleShape, device: device))
    }
}
