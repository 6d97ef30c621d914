// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Files
public import Foundation
public import Torch

/// Images of one shape, by index, with or without a class each.
public protocol ImageDataset: Sendable {
    /// The number of images.
    var count: Int { get }
    /// `[C, H, W]`.
    var imageShape: [Int] { get }
    /// The number of classes, 0 where there are no labels.
    var classCount: Int { get }
    /// The class of each image, in `0..<classCount`.
    var labels: [Int]? { get }
    /// The names of the classes, where they are known.
    var classNames: [String]? { get }
    /// How many images are not upright by their EXIF data, whether or not they are turned.
    var turnedCount: Int { get }

    /// The images at `indices`, each in `0..<count`, as uint8 `[N, C, H, W]`.
    ///
    /// - Throws: ``ImageError`` naming the file, where images are read only when asked for.
    func images(at indices: [Int]) throws -> Tensor

    /// What each image shows, in words; nil where that is told of none.
    ///
    /// - Throws: ``ImageError`` for an image without a caption, which others have.
    func captions() throws -> [String]?
}

extension ImageDataset {
    /// No names.
    public var classNames: [String]? { nil }
    /// None.
    public var turnedCount: Int { 0 }
    /// None.
    public func captions() throws -> [String]? { nil }
}

/// The part of a set that comes as two.
public enum DatasetSplit: String, Sendable, CaseIterable {
    /// The images to learn from.
    case train
    /// The images held back.
    case test
}

/// Opens an image data set of whichever kind lies at `url`: a folder or file of the IDX format
/// (``IDXDataset``), CIFAR-10 as its makers offer it, unpacked or not (``CIFARDataset``), a zip as EDM's tools
/// make it (``ZipDataset``), an `.npz` of images (``NumPyDataset``), WebDataset's tar archives (``ShardDataset``), or a folder of images
/// (``FolderDataset``).
///
/// - Parameters:
///   - url: the folder or the file, or a pattern of archives such as `shards/{000..015}.tar`.
///   - split: which part of IDX files and of CIFAR-10; the other kinds hold one set.
///   - size: the side, in pixels, to which every image is cropped and resized; nil keeps the images as they
///     are.
///   - turnsImages: whether images are turned upright as the EXIF data of a camera's JPEG files asks for.
///   - keepsImages: whether images stay in memory once they are decoded, up to 2 GB; false where each is asked
///     for once.
/// - Throws: ``ImageError`` naming the file and what is wrong with it.
public func openDataset(
    at url: URL, split: DatasetSplit = .train, size: Int? = nil, turnsImages: Bool = false,
    keepsImages: Bool = true
) throws -> any ImageDataset {
    if let archives = try ShardDataset.archives(at: url) {
        return try ShardDataset(
            at: archives, size: size, turnsImages: turnsImages, keepsImages: keepsImages)
    }
    if try isExistingFolder(url) {
        if IDXDataset.canOpen(folder: url) { return try IDXDataset(at: url, split: split, size: size) }
        if CIFARFiles.canOpen(folder: url) {
            return try CIFARDataset(at: url, split: split, size: size, keepsImages: keepsImages)
        }
        return try FolderDataset(at: url, size: size, turnsImages: turnsImages, keepsImages: keepsImages)
    }
    let file = try readFile(url)
    if file.starts(with: ZipArchive.signature) {
        if NumPyDataset.mayOpen(file), NumPyDataset.canOpen(url) {
            return try NumPyDataset(at: url, size: size)
        }
        return try ZipDataset(at: url, size: size, turnsImages: turnsImages, keepsImages: keepsImages)
    }
    if ShardDataset.canOpen(file) {
        return try ShardDataset(at: [url], size: size, turnsImages: turnsImages, keepsImages: keepsImages)
    }
    if CIFARFiles.canOpen(file, at: url) {
        return try CIFARDataset(at: url, split: split, size: size, keepsImages: keepsImages)
    }
    if file.starts(with: IDXFile.signature) || file.starts(with: gzipSignature) {
        return try IDXDataset(at: url, split: split, size: size)
    }
    let found = ContentKind(file).map { "it is \($0.words), where a set is needed; " } ?? ""
    throw ImageError.notADataset(
        file: url.path,
        reason:
            "\(found)give a folder of PNG, JPEG or WebP images, IDX files (train-images-idx3-ubyte), CIFAR-10, a zip, or tar archives"
    )
}

/// Whether `url`, which must exist, is a folder rather than a file.
func isExistingFolder(_ url: URL) throws -> Bool {
    do {
        return try Files.isExistingFolder(url)
    } catch {
        let reason = error.problem == .missing ? "there is no such file or folder" : error.reason
        throw ImageError.unreadable(file: url.path, reason: reason)
    }
}
