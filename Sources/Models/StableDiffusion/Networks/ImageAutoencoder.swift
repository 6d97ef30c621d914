// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// What takes images to the latents that a diffusion model works on, and back.
///
/// Latents are those that the diffusion model sees: what a network scales them by lies within. Source: Rombach et al.
/// 2022, section 3.1 (arXiv 2112.10752).
public protocol ImageAutoencoder: Module {
    /// The channels of the latents.
    var latentChannels: Int { get }

    /// How many pixels of an image are as wide as one of its latents.
    var reduction: Int { get }

    /// Latents of images.
    ///
    /// - Parameter images: `[N, 3, H, W]` in [-1, 1], the sides multiples of ``reduction``; gradient flows through them.
    /// - Returns: `[N, latentChannels, H / reduction, W / reduction]`.
    func encode(_ images: Tensor) -> Tensor

    /// Images of latents.
    ///
    /// - Parameter latents: `[N, latentChannels, h, w]`; gradient flows through them.
    /// - Returns: `[N, 3, reduction h, reduction w]`, mostly in [-1, 1].
    func decode(_ latents: Tensor) -> Tensor
}

extension ImageAutoencoder {
    /// The shape of the image, `[3, H, W]`, of latents of the shape `[C, h, w]`.
    public func imageShape(ofLatents shape: [Int]) -> [Int] { [3] + shape[1...].map { $0 * reduction } }

    /// Images of latents, one after the other, so that memory holds what one needs; without gradient.
    public func decodeEach(_ latents: Tensor) -> Tensor { each(latents) { decode($0) } }

    /// Latents of images, likewise.
    public func encodeEach(_ images: Tensor) -> Tensor { each(images) { encode($0) } }

    private func each(_ x: Tensor, _ body: @Sendable (Tensor) -> Tensor) -> Tensor {
        withoutGradients {
            .concatenated(
                (0..<x.shape[0]).map { index in
                    // One image has all threads.
                    inParts(x.narrowed(dim: 0, start: index, count: 1), body)
                })
        }
    }
}
