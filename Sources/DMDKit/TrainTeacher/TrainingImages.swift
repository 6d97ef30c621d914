// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// The images a teacher learns from, wherever they come from.
public struct TrainingImages: Sendable {
    /// The number of images.
    public let count: Int
    /// `[C, H, W]`.
    public let shape: [Int]
    /// The class of each image, or none.
    public let labels: [Int]?
    /// Images by number, as uint8 `[N, C, H, W]`.
    public let images: @Sendable ([Int]) throws -> Tensor

    /// Describes a set of images; nothing is read yet.
    public init(
        count: Int, shape: [Int], labels: [Int]?, images: @escaping @Sendable ([Int]) throws -> Tensor
    ) {
        self.count = count
        self.shape = shape
        self.labels = labels
        self.images = images
    }

    /// The order in which training sees the images.
    func order(seed: UInt64) -> EpochOrder {
        EpochOrder(count: count, seed: seed, purpose: "teacher.order")
    }
}
