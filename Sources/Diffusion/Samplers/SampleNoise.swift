// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// Unit normal noise for the images of the given numbers, each drawn by itself, on the CPU.
///
/// - Parameters:
///   - indices: the numbers of N images.
///   - seed: the seed of all images.
///   - shape: that of the noise of one image; the result is `[N] + shape`.
public func sampleNoise(_ indices: [Int], seed: UInt64, shape: [Int]) -> Tensor {
    RandomStream.normals(at: indices, seed: seed, purpose: "sample.z", shape: shape)
}

/// Unit normal noise that a sampler adds to the images of the given numbers after a step, each drawn by itself, on the CPU.
///
/// - Parameters:
///   - indices: the numbers of N images.
///   - seed: the seed of all images.
///   - shape: that of the noise of one image; the result is `[N] + shape`.
///   - step: the number of the step, from 1.
public func freshNoise(_ indices: [Int], seed: UInt64, shape: [Int], step: Int) -> Tensor {
    RandomStream.normals(at: indices, seed: seed, purpose: "sample.fresh.\(step)", shape: shape)
}
