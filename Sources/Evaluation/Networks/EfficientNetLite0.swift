// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
public import Torch

/// EfficientNet-Lite0, a small classifier of ImageNet, as a neutral judge: no loss here reads its features.
///
/// Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", arXiv 1905.11946, in the variant
/// without squeeze-and-excitation and with ReLU6. Features are the 1280 means over pixels of its last convolution. A distance
/// on them is *not* FID; it compares only at an equal number of images.
///
/// Images of any size become 224 x 224, bilinearly with half-pixel centres, antialiased where they shrink; then
/// `(x - 127) / 128`. Batch normalisation is folded into the convolutions in float64 as they are loaded; no gradient flows
/// to them.
public final class EfficientNetLite0: FeatureNetwork {
    /// The number of features of an image.
    public static let featureCount = 1280
    /// The name of the network and its layer in a ``FeatureKind``.
    public static let name = "efficientnet-lite0/pool"

    /// The height and width of what the network sees.
    private static let size = 224

    /// The file that the weights came from.
    public let weights: URL

    private let device: Device
    private let dtype: DType
    private let stem: RectifiedConvolution
    private let blocks: [InvertedResidual]
    private let head: RectifiedConvolution

    /// Loads the network.
    ///
    /// - Parameters:
    ///   - url: `efficientnet-lite0-57934424.pth`, which `scripts/setup` fetches, or what `dmd convert` makes of it.
    ///   - device: where to compute.
    ///   - dtype: the type to compute in.
    /// - Throws: ``EvaluationError`` if the file is missing or holds something else; `ConversionError` or `SafetensorsError`
    ///   if it is damaged.
    public init(weights url: URL, device: Device = .cpu, dtype: DType = .float32) throws {
        (weights, self.device, self.dtype) = (url, device, dtype)
        var reader = ConvolutionReader(
            file: try WeightsFile(url, of: .efficientNetLite0), device: device, dtype: dtype)
        stem = try reader.strided("_conv_stem", "_bn0", from: 3, to: 32, kernel: 3)
        blocks = try reader.invertedResiduals()
        head = try reader.pointwise("_conv_head", "_bn1", from: 320, to: Self.featureCount)
        // The classifier is read for the check alone.
        _ = try reader.tensor("_fc.weight", shape: [1000, Self.featureCount])
        _ = try reader.tensor("_fc.bias", shape: [1000])
        try reader.requireNoOthers()
    }

    /// 1280 features of 224 x 224 pixels.
    public var kind: FeatureKind {
        FeatureKind(network: Self.name, resize: "bilinear-\(Self.size)", count: Self.featureCount)
    }

    /// None: its classes are not asked for.
    public var classCount: Int? { nil }

    /// The features of each image, float32 `[N, 1280]`.
    ///
    /// - Parameter images: see ``FeatureNetwork/features(ofLevels:)``; of any size.
    public func features(ofLevels images: Tensor) -> ImageFeatures {
        withoutGradients {
            ImageFeatures(features: inSmallParts(images, on: device) { pooled($0) })
        }
    }

    private func pooled(_ levels: Tensor) -> Tensor {
        let images = (levels.to(device).to(dtype) - 127) / 128
        let x = rgb(images.interpolatedBilinearAntialiased(height: Self.size, width: Self.size))
        let last = blocks.reduce(stem(x.channelsLast().paddedForStride2(kernel: 3))) { $1($0) }
        return head(last).mean(dims: [2, 3]).to(.float32)
    }
}

/// A narrow image widened, filtered channel by channel, and made narrow again; added to itself where its shape stays.
private struct InvertedResidual: Sendable {
    /// Nil where the image is filtered as it is.
    let widening: RectifiedConvolution?
    let depthwise: RectifiedConvolution
    let narrowing: RectifiedConvolution
    let isResidual: Bool

    func callAsFunction(_ x: Tensor) -> Tensor {
        let wide = widening?(x) ?? x
        let padded = depthwise.stride == 2 ? wide.paddedForStride2(kernel: depthwise.weight.shape[2]) : wide
        let result = narrowing.linear(depthwise(padded))
        return isResidual ? result + x : result
    }
}

extension Tensor {
    /// Zeros as TensorFlow's `SAME` puts them around an even number of pixels for a convolution of stride 2: one more after
    /// than before.
    fileprivate func paddedForStride2(kernel: Int) -> Tensor {
        let (before, after) = ((kernel - 2) / 2, (kernel - 1) / 2)
        return padded(left: before, right: after, top: before, bottom: after)
    }
}

extension ConvolutionReader {
    /// A 1x1 convolution.
    fileprivate mutating func pointwise(
        _ name: String, _ normalization: String, from inputs: Int, to outputs: Int
    ) throws -> RectifiedConvolution {
        let (weight, bias) = try folded(name, normalization, shape: [outputs, inputs, 1, 1])
        return RectifiedConvolution(weight: weight, bias: bias, rectifier: .relu6)
    }

    /// A convolution that halves height and width, of images that are padded already.
    fileprivate mutating func strided(
        _ name: String, _ normalization: String, from inputs: Int, to outputs: Int, kernel: Int
    ) throws -> RectifiedConvolution {
        let (weight, bias) = try folded(name, normalization, shape: [outputs, inputs, kernel, kernel])
        return RectifiedConvolution(weight: weight, bias: bias, stride: 2, rectifier: .relu6)
    }

    /// The sixteen blocks between the first convolution and the last.
    fileprivate mutating func invertedResiduals() throws -> [InvertedResidual] {
        let stages: [(blocks: Int, kernel: Int, stride: Int, widening: Int, channels: Int)] = [
            (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112),
            (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
        ]
        var (channels, blocks) = (32, [InvertedResidual]())
        for stage in stages {
            for number in 0..<stage.blocks {
                let name = "_blocks.\(blocks.count)"
                let (wide, stride) = (channels * stage.widening, number == 0 ? stage.stride : 1)
                let (kernel, outputs) = (stage.kernel, stage.channels)
                let widening =
                    try stage.widening == 1
                    ? nil : pointwise("\(name)._expand_conv", "\(name)._bn0", from: channels, to: wide)
                let filter = try folded(
                    "\(name)._depthwise_conv", "\(name)._bn1", shape: [wide, 1, kernel, kernel])
                let padding = stride == 1 ? kernel / 2 : 0
                blocks.append(
                    InvertedResidual(
                        widening: widening,
                        depthwise: RectifiedConvolution(
                            weight: filter.weight, bias: filter.bias, stride: stride,
                            padding: [padding, padding], groups: wide, rectifier: .relu6),
                        narrowing: try pointwise(
                            "\(name)._project_conv", "\(name)._bn2", from: wide, to: outputs),
                        isResidual: stride == 1 && channels == outputs))
                channels = outputs
            }
        }
        return blocks
    }
}
