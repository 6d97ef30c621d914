// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

extension Image {
    /// Makes an image from one sample of a network or of a data set.
    ///
    /// - Parameter tensor: `[C, H, W]` with 1 or 3 channels: uint8 levels, or floats in [-1, 1], see ``levels(of:)``.
    public init(tensor: Tensor) {
        precondition(tensor.rank == 3, "an image is [C, H, W], not \(tensor.shape)")
        let (channels, height, width) = (tensor.shape[0], tensor.shape[1], tensor.shape[2])
        let planes = wholeLevels(of: tensor).array(as: UInt8.self)
        self.init(width: width, height: height, channels: channels, level: 0)
        for c in 0..<channels {
            for i in 0..<width * height { pixels[i * channels + c] = planes[c * width * height + i] }
        }
    }

    /// Makes the images of a batch, `[N, C, H, W]`, as ``init(tensor:)`` makes one.
    public static func images(from batch: Tensor) -> [Image] {
        precondition(batch.rank == 4, "a batch of images is [N, C, H, W], not \(batch.shape)")
        let batch = wholeLevels(of: batch).to(.cpu)
        return (0..<batch.shape[0]).map { Image(tensor: batch.selected(dim: 0, index: $0)) }
    }

    /// The uint8 tensor `[N, C, H, W]` of images that share one size and number of channels.
    public static func tensor(of images: [Image]) -> Tensor {
        precondition(!images.isEmpty, "a batch needs an image")
        let shape = images[0].shape
        precondition(images.allSatisfy { $0.shape == shape }, "the images of a batch must have one shape")
        return Tensor(images.flatMap(\.planes), shape: [images.count] + shape)
    }

    /// `[C, H, W]`.
    var shape: [Int] { [channels, height, width] }

    /// The pixels with each channel's values together, the order of a `[C, H, W]` tensor.
    package var planes: [UInt8] {
        channels == 1
            ? pixels
            : (0..<channels).flatMap { c in stride(from: c, to: pixels.count, by: channels).map { pixels[$0] }
            }
    }
}

/// Images that are levels already, or their levels.
private func wholeLevels(of images: Tensor) -> Tensor { images.dtype == .uint8 ? images : levels(of: images) }
