// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
public import Foundation
import Torch

/// Writes a set of images as a zip that ``ZipDataset`` and EDM's tools read, whole or not at all.
///
/// Image 12345 is the stored member `00012/img00012345.png`; `dataset.json` gives the classes, or null. One image is
/// in memory at a time, and equal sets make equal files. Source: the data set tool of Karras et al., arXiv
/// 2206.00364, in whose files the folder is the number's first five digits of eight.
///
/// - Parameters:
///   - dataset: the images, of which each is asked for once or twice.
///   - url: the file, which is replaced if it exists.
///   - progress: hears how many images are written; what it throws ends the work, and no file is left.
/// - Throws: ``ImageError``, `FileError`, and what `dataset` and `progress` throw.
public func writeZip(
    of dataset: any ImageDataset, to url: URL, progress: @escaping (Int) throws -> Void = { _ in }
) throws {
    let images = (0..<dataset.count).map { index in
        let digits = String(index)
        let number = String(repeating: "0", count: max(0, 8 - digits.count)) + digits
        return "\(number.prefix(5))/img\(number).png"
    }
    do {
        try writeZip(to: url, names: images + [LabelFile.name]) { index in
            try progress(index)
            guard index < dataset.count else { return LabelFile.data(labels: dataset.labels, of: images) }
            return try Image(tensor: dataset.images(at: [index]).selected(dim: 0, index: 0)).pngData()
        }
    } catch let error as ArchiveError {
        throw ImageError(error)
    }
}
