// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
public import Torch

/// The perceptual distance LPIPS, version 0.1 on VGG16.
///
/// With `f_k` the features of ``VGG16`` and `w_k >= 0` the learned weights of their channels,
///
///     n_k(x)  = f_k(x) / (|f_k(x)| + 1e-10)                 at each pixel, |.| over channels
///     d(a, b) = sum_k mean_pixels sum_channels w_k (n_k(a) - n_k(b))^2
///
/// Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", arXiv 1801.03924;
/// the weights and order of operations are those of the Python package `lpips` 0.1.4. In float64 distances differ
/// from the package's by 5e-8, since it keeps the constants of the input's normalisation in float32.
public final class LPIPS: Sendable {
    private static let norm = Operator("aten::linalg_vector_norm")

    private let network: VGG16
    /// `[1, C, 1, 1]` for each feature: a 1x1 convolution to one channel.
    private let weights: [Tensor]

    /// Loads the network and the weights of its features.
    ///
    /// - Parameters:
    ///   - url: the safetensors file that `scripts/setup` makes.
    ///   - resize: the height and width to which images are brought first, bilinearly with half-pixel
    ///     centres; the distillation paper uses 224. `nil` leaves images as they are.
    ///   - device: where to compute.
    ///   - dtype: the type to compute in; images of other types are converted.
    /// - Throws: ``EvaluationError`` if the file is missing or holds something else; `SafetensorsError` if it is
    ///   damaged.
    public init(
        weights url: URL, resize: Int? = nil, device: Device = .cpu, dtype: DType = .float32
    ) throws {
        let file = try WeightsFile(url, of: .lpips)
        network = try VGG16(file, resize: resize, device: device, dtype: dtype)
        weights = try VGG16.channels.enumerated().map { index, channels in
            try file.tensor(
                "lin\(index).model.1.weight", shape: [1, channels, 1, 1], dtype: dtype, device: device)
        }
    }

    /// The distance of each pair, `[N]`.
    ///
    /// - Parameters:
    ///   - a: images `[N, C, H, W]` in [-1, 1] with 1 channel, taken as grey, or 3; sides, after resizing, of
    ///     at least 16. Gradient flows.
    ///   - b: as many images of the same shape. Gradient flows.
    public func callAsFunction(_ a: Tensor, _ b: Tensor) -> Tensor {
        let layers = layers(a, b)
        return layers.dropFirst().reduce(layers[0], +)
    }

    /// What each of the five features adds to the distance of each pair: five tensors `[N]`, from relu1_2 to
    /// relu5_3.
    ///
    /// - Parameters:
    ///   - a: as for ``callAsFunction(_:_:)``.
    ///   - b: as for ``callAsFunction(_:_:)``.
    public func layers(_ a: Tensor, _ b: Tensor) -> [Tensor] {
        precondition(a.shape == b.shape, "LPIPS compares images of one shape, not \(a.shape) and \(b.shape)")
        return zip(features(a, b), weights).map { features, weight in
            (Self.normalized(features.0) - Self.normalized(features.1))
                .square().conv2d(weight: weight).mean(dims: [1, 2, 3])
        }
    }

    /// The features of both batches, computed together unless only one of them carries gradient: then the
    /// other's are kept out of the graph and of the backward pass.
    private func features(_ a: Tensor, _ b: Tensor) -> [(Tensor, Tensor)] {
        guard a.requiresGrad == b.requiresGrad else { return Array(zip(network(a), network(b))) }
        return network(.concatenated([a, b])).map { both in
            let halves = both.chunked(2)
            return (halves[0], halves[1])
        }
    }

    /// Features of unit length at each pixel. Where the squares underflow to zero, the operator's gradient is
    /// zero, while that of a square root of a sum is not a number.
    private static func normalized(_ features: Tensor) -> Tensor {
        features / (norm(.tensor(features), 2.0, .ints([1]), true) + 1e-10)
    }
}
