// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Images
import Torch

/// Numbered images to be judged: those that a model makes, or those of a set.
struct ImageSource {
    /// How many there are.
    let count: Int
    /// `[C, H, W]`.
    let shape: [Int]
    /// The numbers of the images of each class; nil without classes.
    let classes: [[Int]]?
    /// Whether the images are a set's, of which some may be unreadable and all have a sum.
    let isSet: Bool
    /// The images of some numbers, uint8 `[N, C, H, W]`, see `levels(of:)` of the module `Images`.
    let levels: ([Int]) throws -> Tensor

    /// The first images that a model makes.
    init(_ maker: ImageMaker, count: Int) {
        self.count = count
        let classCount = maker.classCount
        shape = maker.imageShape
        classes = classCount == 0 ? nil : byClass((0..<count).map { $0 % classCount }, classCount)
        isSet = false
        levels = { Images.levels(of: maker($0)) }
    }

    /// Images in [-1, 1] by their numbers.
    init(count: Int, shape: [Int], images: @escaping ([Int]) throws -> Tensor) {
        (self.count, self.shape, classes, isSet) = (count, shape, nil, false)
        levels = { Images.levels(of: try images($0)) }
    }

    /// The first images of a set, at most `count`.
    init(_ dataset: any ImageDataset, count: Int) {
        self.count = min(count, dataset.count)
        shape = dataset.imageShape
        classes = dataset.labels.map { byClass($0.prefix(count), dataset.classCount) }
        isSet = true
        levels = dataset.images(at:)
    }
}

private func byClass(_ labels: some Collection<Int>, _ classCount: Int) -> [[Int]] {
    var classes = [[Int]](repeating: [], count: classCount)
    for (index, label) in labels.enumerated() { classes[label].append(index) }
    return classes
}
