// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
public import Torch

/// Image features for a ``frechetDistance(_:_:)``: the means over pixels of VGG16's relu5_3.
///
/// An image becomes 512 numbers, one for each channel of the last convolution of ``VGG16`` after its ReLU and
/// before the last pooling. A distance on them is *not* FID, whose features come from Inception-v3: the two
/// differ in scale and must never be compared. Figures compare only at the same `resize` and, since the
/// estimate is biased, the same number of images.
public final class VGGFeatures {
    /// The number of features of an image.
    public static let count = 512

    private let network: VGG16

    /// Loads the network.
    ///
    /// - Parameters:
    ///   - weights: the safetensors file that `scripts/setup` makes.
    ///   - resize: the height and width to which images are brought first, bilinearly with half-pixel
    ///     centres; `nil` leaves them as they are. The work grows with its square: 0.24 billion
    ///     multiplications an image at 28 pixels, 15 billion at 224.
    ///   - device: where to compute.
    /// - Throws: ``MetricsError`` if the file is missing or holds something else; `SafetensorsError` if it is
    ///   damaged.
    public init(weights: URL, resize: Int?, device: Device = .cpu) throws {
        network = try VGG16(weights: weights, resize: resize, device: device)
    }

    /// The features of each image, float32 `[N, 512]`, without gradient.
    ///
    /// - Parameter images: `[N, C, H, W]` in [-1, 1] with 1 channel, taken as grey, or 3; sides, after
    ///   resizing, of at least 16.
    public func callAsFunction(_ images: Tensor) -> Tensor {
        withoutGradients { network(images)[4].mean(dims: [2, 3]) }
    }
}
