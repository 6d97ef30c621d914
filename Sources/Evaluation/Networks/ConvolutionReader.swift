// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// Reads convolutions without biases, each with the batch normalisation that follows it, as one convolution.
struct ConvolutionReader {
    let file: WeightsFile
    let device: Device
    let dtype: DType
    /// The tensors that have been read.
    private(set) var names: [String] = []

    /// Added to variances, as TensorFlow did in the networks that are read here.
    private static let epsilon = 1e-3

    init(file: WeightsFile, device: Device, dtype: DType) {
        (self.file, self.device, self.dtype) = (file, device, dtype)
    }

    /// With `s = weight / sqrt(running_var + 1e-3)`, the weight `s W` and the bias `bias - s running_mean`.
    ///
    /// - Parameters:
    ///   - convolution: the name of the convolution, which holds `weight`.
    ///   - normalization: the name of the batch normalisation.
    ///   - shape: `[out, in / groups, kH, kW]`.
    mutating func folded(
        _ convolution: String, _ normalization: String, shape: [Int]
    ) throws -> (weight: Tensor, bias: Tensor) {
        let weight = try tensor("\(convolution).weight", shape, .float64, .cpu)
        func statistic(_ suffix: String) throws -> Tensor {
            try tensor("\(normalization).\(suffix)", [shape[0]], .float64, .cpu)
        }
        let (gain, shift) = (try statistic("weight"), try statistic("bias"))
        let mean = try statistic("running_mean")
        let scale = gain / (try statistic("running_var") + Self.epsilon).sqrt()
        return (
            (weight * scale.reshaped([shape[0], 1, 1, 1])).to(dtype).to(device).channelsLast(),
            (shift - scale * mean).to(dtype).to(device)
        )
    }

    /// One tensor, as it is.
    mutating func tensor(_ name: String, shape: [Int]) throws -> Tensor {
        try tensor(name, shape, dtype, device)
    }

    private mutating func tensor(
        _ name: String, _ shape: [Int], _ dtype: DType, _ device: Device
    ) throws -> Tensor {
        names.append(name)
        return try file.tensor(name, shape: shape, dtype: dtype, device: device)
    }

    /// Checks that the file holds nothing else but the counters that training leaves.
    func requireNoOthers() throws {
        try file.requireNoOthers(than: names, except: ".num_batches_tracked")
    }
}
