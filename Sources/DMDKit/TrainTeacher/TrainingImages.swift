// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// The images a teacher learns from, wherever they come from.
public struct TrainingImages {
    /// The number of images.
    public let count: Int
    /// `[C, H, W]`.
    public let shape: [Int]
    /// The class of each image, or none.
    public let labels: [Int]?
    /// Images by number, as uint8 `[N, C, H, W]`.
    public let images: ([Int]) throws -> Tensor

    /// Describes a set of images; nothing is read yet.
    public init(count: Int, shape: [Int], labels: [Int]?, images: @escaping ([Int]) throws -> Tensor) {
        self.count = count
        self.shape = shape
        self.labels = labels
        self.images = images
    }

    /// The numbers of the images in one batch: every epoch is a permutation of its own, named by seed and epoch, so
    /// that the order depends on nothing else.
    func indices(batch: Int, step: Int, seed: UInt64) -> [Int] {
        let first = step * batch
        var indices: [Int] = []
        var position = first
        while indices.count < batch {
            let order = order(epoch: position / count, seed: seed)
            let taken = order[(position % count)...].prefix(batch - indices.count)
            indices += taken
            position += taken.count
        }
        return indices
    }

    private func order(epoch: Int, seed: UInt64) -> [Int] {
        var stream = RandomStream(seed: seed, purpose: "teacher.order", step: epoch)
        return stream.permutation(count).array(as: Int.self)
    }
}
