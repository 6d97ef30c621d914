// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
public import Torch

/// Inception-v3 of 2015-12-05, the network of FID, KID and the Inception score.
///
/// Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", arXiv 1512.00567, as trained for
/// TensorFlow with 1008 outputs. Features are the 2048 means over pixels of the last block. It is not torchvision's: three
/// kinds of blocks average over the pixels inside the image alone, the last block takes maxima instead, and there is no
/// auxiliary classifier.
///
/// The weights are those that the Python packages pytorch-fid and torch-fidelity fetch,
/// ``publishedFile``, as they are or brought to safetensors by `dmd convert`. Batch normalisation is folded into the convolutions as
/// they are loaded, in float64; no gradient flows to them.
public final class InceptionV3: FeatureNetwork {
    /// How images become 299 x 299 pixels in [-1, 1]; the two give slightly different distances.
    public enum Input: String, Sendable, CaseIterable {
        /// As TensorFlow 1 resizes, and with it the first FID, torch-fidelity and NVIDIA's detector: bilinearly, where
        /// the pixel at `i` comes from `i * in / out`; then `(x - 128) / 128`.
        case tensorFlow = "tensorflow-299"
        /// As pytorch-fid resizes: bilinearly with half-pixel centres; then `2 x / 255 - 1`.
        case pyTorchFID = "pytorch-fid-299"
    }

    /// The name of the file that holds the published weights.
    public static let publishedFile = "pt_inception-2015-12-05-6726825d.pth"
    /// How the SHA-256 sum of that file begins.
    public static let publishedHashPrefix = "6726825d"
    /// The number of features of an image.
    public static let featureCount = 2048
    /// The name of the network and its layer in a ``FeatureKind``.
    public static let name = "inception-v3-2015-12-05/pool3"

    private static let classes = 1008

    /// The file that the weights came from.
    public let weights: URL
    /// The SHA-256 sum of the file that `dmd convert` made the weights of; nil if another program did.
    public let sourceHash: String?

    private let input: Input
    private let device: Device
    private let dtype: DType
    private let layers: [any InceptionLayer]
    private let classifier: Tensor

    /// Loads the network.
    ///
    /// - Parameters:
    ///   - url: ``publishedFile``, or the safetensors file that `dmd convert` makes of it.
    ///   - input: how images are brought to the network's size.
    ///   - device: where to compute.
    ///   - dtype: the type to compute in.
    /// - Throws: ``EvaluationError`` if the file is missing or holds something else; `SafetensorsError` if it is damaged.
    public init(weights url: URL, input: Input = .tensorFlow, device: Device = .cpu, dtype: DType = .float32)
        throws
    {
        let file = try WeightsFile(url, of: .inception)
        (weights, self.input, self.device, self.dtype) = (url, input, device, dtype)
        sourceHash = file.sourceHash
        var reader = ConvolutionReader(file: file, device: device, dtype: dtype)
        layers = try reader.inceptionLayers()
        classifier = try reader.tensor("fc.weight", shape: [Self.classes, Self.featureCount])
        // The Inception score leaves the biases out; they are read for the check alone.
        _ = try reader.tensor("fc.bias", shape: [Self.classes])
        try reader.requireNoOthers()
    }

    /// 2048 features, and how images are resized.
    public var kind: FeatureKind {
        FeatureKind(network: Self.name, resize: input.rawValue, count: Self.featureCount)
    }

    /// 1008.
    public var classCount: Int? { Self.classes }

    /// Whether the weights are the published ones, as far as ``sourceHash`` tells. A distance on others is not FID.
    public var isPublished: Bool { sourceHash?.hasPrefix(Self.publishedHashPrefix) ?? false }

    /// The features and logits of each image, float32 `[N, 2048]` and `[N, 1008]`.
    ///
    /// The logits are without the biases of the last layer, as in the first program for the Inception score and those
    /// that followed it.
    ///
    /// - Parameter images: see ``FeatureNetwork/features(ofLevels:)``; of any size.
    public func features(ofLevels images: Tensor) -> ImageFeatures {
        withoutGradients {
            let features = inSmallParts(rgb(images), on: device) { pooled($0) }
            let logits = features.linear(weight: classifier)
            return ImageFeatures(features: features.to(.float32), logits: logits.to(.float32))
        }
    }

    private func pooled(_ levels: Tensor) -> Tensor {
        let x = input.prepared(levels.to(device).to(dtype)).channelsLast()
        return layers.reduce(x) { $1($0) }.mean(dims: [2, 3])
    }
}

extension InceptionV3.Input {
    private static let size = 299

    /// Levels `[N, 3, H, W]` as the network's input, `[N, 3, 299, 299]`.
    func prepared(_ levels: Tensor) -> Tensor {
        switch self {
        case .tensorFlow:
            (levels.interpolatedAsTensorFlow1(height: Self.size, width: Self.size) - 128) / 128
        case .pyTorchFID:
            (levels / 255).interpolatedBilinear(height: Self.size, width: Self.size) * 2 - 1
        }
    }
}

extension Tensor {
    /// Bilinear resizing of `[N, C, H, W]` as TensorFlow 1 did by default: the pixel at `i` lies between those at the
    /// whole parts of `i * in / out` and one more, and pixels past the edge repeat it. Positions are float32, so that they
    /// are the same as in other programs.
    func interpolatedAsTensorFlow1(height: Int, width: Int) -> Tensor {
        interpolatedAlong(3, to: width).interpolatedAlong(2, to: height)
    }

    private func interpolatedAlong(_ dim: Int, to size: Int) -> Tensor {
        let count = shape[dim]
        guard count != size else { return self }
        let scale = Float(Double(count) / Double(size))
        let positions = (0..<size).map { Float($0) * scale }
        func pixels(_ offset: Int) -> Tensor {
            let indices = positions.map { Swift.min(Int($0) + offset, count - 1) }
            return indexed(by: Tensor(indices, device: device), dim: dim)
        }
        let fractions = positions.map { $0 - Float(Int($0)) }
        let shape = [1, 1] + (dim == 2 ? [size, 1] : [1, size])
        let weights = Tensor(fractions, shape: shape).to(dtype).to(device)
        let low = pixels(0)
        return low + (pixels(1) - low) * weights
    }
}
