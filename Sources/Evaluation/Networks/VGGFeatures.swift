// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
public import Torch

/// Image features for a Frechet distance: the means over pixels of VGG16's relu5_3.
///
/// An image becomes 512 numbers, one for each channel of the last convolution of ``VGG16`` after its ReLU and
/// before the last pooling. A distance on them is *not* FID, whose features come from Inception-v3: the two
/// differ in scale and must never be compared. Figures compare only at the same `resize` and, since the
/// estimate is biased, the same number of images.
public final class VGGFeatures: FeatureNetwork {
    /// The number of features of an image.
    public static let count = 512
    /// The name of the network and its layer in a ``FeatureKind``.
    public static let name = "vgg16/relu5_3"

    /// The file that the weights came from.
    public let weights: URL

    private let network: VGG16
    private let resize: Int?
    private let device: Device

    /// Loads the network.
    ///
    /// - Parameters:
    ///   - weights: the safetensors file that `scripts/setup` makes.
    ///   - resize: the height and width to which images are brought first, bilinearly with half-pixel
    ///     centres; `nil` leaves them as they are. The work grows with its square: 0.24 billion
    ///     multiplications an image at 28 pixels, 15 billion at 224.
    ///   - device: where to compute.
    /// - Throws: ``EvaluationError`` if the file is missing or holds something else; `SafetensorsError` if it is
    ///   damaged.
    public init(weights: URL, resize: Int?, device: Device = .cpu) throws {
        (self.weights, self.resize, self.device) = (weights, resize, device)
        network = try VGG16(weights: weights, resize: resize, device: device)
    }

    /// The features of each image, float32 `[N, 512]`, without gradient.
    ///
    /// - Parameter images: `[N, C, H, W]` in [-1, 1] with 1 channel, taken as grey, or 3; sides, after
    ///   resizing, of at least 16.
    public func callAsFunction(_ images: Tensor) -> Tensor {
        withoutGradients { network(images)[4].mean(dims: [2, 3]) }
    }

    /// 512 features, and the size that images are brought to.
    public var kind: FeatureKind {
        FeatureKind(network: Self.name, resize: resize.map { "bilinear-\($0)" } ?? "none", count: Self.count)
    }

    /// That of ``VGG16`` where images are not resized.
    public var smallestSide: Int { resize == nil ? VGG16.smallestSide : 1 }

    /// None.
    public var classCount: Int? { nil }

    /// The features of each image, float32 `[N, 512]`, computed in parts side by side on the CPU.
    ///
    /// - Parameter images: see ``FeatureNetwork/features(ofLevels:)``; sides, after resizing, of at least 16.
    public func features(ofLevels images: Tensor) -> ImageFeatures {
        withoutGradients {
            ImageFeatures(
                features: inParts(images.to(device).to(.float32) / 127.5 - 1) { self($0) })
        }
    }
}
