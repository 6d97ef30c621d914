// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Images

/// The part of a set of images that comes as two, as IDX files and CIFAR-10 do.
public enum Split: String, CaseIterable, Sendable {
    /// The images to learn from.
    case train
    /// The images held back.
    case test

    /// The same for a data set.
    var part: DatasetSplit { self == .train ? .train : .test }
}

/// Whether a set comes as two.
func comesAsTwo(_ images: any ImageDataset) -> Bool { images is IDXDataset || images is CIFARDataset }
