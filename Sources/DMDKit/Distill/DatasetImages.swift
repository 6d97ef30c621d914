// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Images
import Torch

/// The images of a set as a discriminator sees them: in [-1, 1], with their classes where the teacher has as many.
struct DatasetImages: RealImages {
    private let dataset: any ImageDataset
    private let classCount: Int

    /// - Parameter classCount: the teacher's; a teacher without classes sees none.
    init(_ dataset: any ImageDataset, classCount: Int) {
        self.dataset = dataset
        self.classCount = classCount == 0 ? 0 : dataset.classCount
    }

    var count: Int { dataset.count }

    func callAsFunction(_ numbers: [Int]) throws -> (samples: Tensor, condition: Condition?) {
        let samples = try dataset.images(at: numbers).to(.float32) / 127.5 - 1
        guard classCount > 0, let labels = dataset.labels else { return (samples, nil) }
        let classes = Tensor(numbers.map { labels[$0] })
        return (samples, .classes(classes.oneHot(classCount: classCount).to(.float32)))
    }
}
