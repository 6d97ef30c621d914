// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
public import Torch

/// The convolutions of VGG16, frozen, as a source of image features.
///
/// Five blocks of 3x3 convolutions with ReLU, with 2x2 maximum pooling between them; the features are what
/// each block ends in: relu1_2, relu2_2, relu3_3, relu4_3 and relu5_3. Simonyan and Zisserman, "Very Deep
/// Convolutional Networks for Large-Scale Image Recognition", arXiv 1409.1556, configuration D, trained on
/// ImageNet. Tensors are named as in torchvision: `features.0.weight` and so on.
///
/// No gradient flows to the weights; it does flow to the images.
public final class VGG16: Sendable {
    /// The number of channels of each of the five features.
    public static let channels = [64, 128, 256, 512, 512]

    /// The smallest height and width that leave relu5_3 a pixel.
    public static let smallestSide = 16

    /// Whether it takes images of a shape that ends in height and width.
    public static func takes(_ shape: [Int]) -> Bool { shape.suffix(2).allSatisfy { $0 >= smallestSide } }

    /// The positions of each block's convolutions in torchvision's list `features`.
    private static let positions = [[0, 2], [5, 7], [10, 12, 14], [17, 19, 21], [24, 26, 28]]

    private let blocks: [[(weight: Tensor, bias: Tensor)]]
    private let mean: Tensor
    private let deviation: Tensor
    private let resize: Int?
    private let dtype: DType

    /// Loads the network.
    ///
    /// - Parameters:
    ///   - weights: the safetensors file that `scripts/setup` makes.
    ///   - resize: the height and width to which images are brought first, bilinearly with half-pixel centres
    ///     and no antialiasing; `nil` leaves them as they are.
    ///   - device: where to compute.
    ///   - dtype: the type to compute in; images of other types are converted.
    /// - Throws: ``EvaluationError`` if the file is missing or holds something else; `SafetensorsError` if it is
    ///   damaged.
    public convenience init(
        weights: URL, resize: Int? = nil, device: Device = .cpu, dtype: DType = .float32
    ) throws {
        try self.init(WeightsFile(weights, of: .lpips), resize: resize, device: device, dtype: dtype)
    }

    init(_ file: WeightsFile, resize: Int?, device: Device, dtype: DType) throws {
        self.resize = resize
        self.dtype = dtype
        // ImageNet's mean and deviation of red, green and blue, for a range of [-1, 1].
        mean = Tensor([-0.030, -0.088, -0.188], shape: [1, 3, 1, 1]).to(dtype).to(device)
        deviation = Tensor([0.458, 0.448, 0.450], shape: [1, 3, 1, 1]).to(dtype).to(device)

        var inputs = 3
        blocks = try zip(Self.positions, Self.channels).map { positions, outputs in
            try positions.map { position in
                defer { inputs = outputs }
                let name = "features.\(position)"
                let weight = try file.tensor(
                    "\(name).weight", shape: [outputs, inputs, 3, 3], dtype: dtype, device: device)
                let bias = try file.tensor("\(name).bias", shape: [outputs], dtype: dtype, device: device)
                return (weight.channelsLast(), bias)
            }
        }
    }

    /// The five features of each image, from fine to coarse: `[N, channels[k], H / 2^k, W / 2^k]`.
    ///
    /// - Parameter images: `[N, C, H, W]` in [-1, 1] with 1 channel, taken as grey, or 3. Sides, after
    ///   resizing, are at least ``smallestSide``.
    public func callAsFunction(_ images: Tensor) -> [Tensor] {
        var x = normalized(images)
        return blocks.enumerated().map { index, block in
            if index > 0 { x = x.maxPool2d(kernel: 2, stride: 2) }
            for (weight, bias) in block { x = x.conv2d(weight: weight, bias: bias, padding: 1).relu() }
            return x
        }
    }

    /// Resized images with ImageNet's statistics. Broadcasting against the three channels' statistics repeats
    /// a single channel.
    private func normalized(_ images: Tensor) -> Tensor {
        let shape = images.shape
        precondition(
            shape.count == 4 && [1, 3].contains(shape[1]), "images are [N, 1 or 3, H, W], not \(shape)")
        var x = images.to(dtype)
        if let resize, shape[2...] != [resize, resize] {
            x = x.interpolatedBilinear(height: resize, width: resize)
        }
        precondition(
            Self.takes(x.shape),
            "VGG16 needs images of \(Self.smallestSide) pixels or more a side, not \(x.shape[2...])")
        return ((x - mean) / deviation).channelsLast()
    }
}
