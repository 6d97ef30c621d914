// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Torch

/// The noise that images are made of, by the number of an image alone, whatever its company.
struct ImageNoise: Sendable {
    private let origins: @Sendable (Int) -> Origin

    /// Where the noise of one image comes from.
    struct Origin: Sendable {
        /// The random seed.
        var seed: UInt64
        /// The number of the image among those of the seed.
        var index: Int
        /// The way to the noise of another seed, if it is gone.
        var blend: NoiseBlend?
    }

    /// Image `i` is number `i` of a seed.
    init(seed: UInt64) { origins = { Origin(seed: seed, index: $0) } }

    /// Image `i` has the noise of the given origin.
    init(_ origins: [Origin]) { self.origins = { origins[$0] } }

    /// Unit normal noise, `[N] + shape`.
    func start(_ indices: [Int], shape: [Int]) -> Tensor {
        .concatenated(
            indices.map { index in
                let origin = origins(index)
                let own = sampleNoise([origin.index], seed: origin.seed, shape: shape)
                guard let blend = origin.blend else { return own }
                let other = sampleNoise([origin.index], seed: blend.seed, shape: shape)
                return sphericallyInterpolated(own, other, blend.fraction)
            })
    }

    /// Fresh noise that a sampler adds after a step, `[N] + shape`.
    func fresh(_ indices: [Int], shape: [Int], step: Int) -> Tensor {
        .concatenated(
            indices.map { index in
                let origin = origins(index)
                return freshNoise([origin.index], seed: origin.seed, shape: shape, step: step)
            })
    }
}

/// A way from the noise of one seed to that of another, on the sphere: all of it looks like noise to a network.
public struct NoiseBlend: Equatable, Sendable {
    /// The other seed.
    public var seed: UInt64
    /// How far to go, from 0 to 1.
    public var fraction: Double

    /// A way; see the properties.
    public init(to seed: UInt64, fraction: Double) { (self.seed, self.fraction) = (seed, fraction) }
}

/// The point of the great circle between two tensors, as far from the first as a fraction of the whole:
/// `(sin((1 - t) w) a + sin(t w) b) / sin(w)`, where `w` is the angle between them.
private func sphericallyInterpolated(_ a: Tensor, _ b: Tensor, _ fraction: Double) -> Tensor {
    let cosine = (a * b).sum().item() / (a.norm().item() * b.norm().item())
    let angle = acos(max(-1, min(1, cosine)))
    guard sin(angle) > 1e-6 else { return a }
    return sin((1 - fraction) * angle) / sin(angle) * a + sin(fraction * angle) / sin(angle) * b
}
