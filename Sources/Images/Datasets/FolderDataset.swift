// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
public import Torch

/// The PNG, JPEG and WebP images in a folder and its subfolders, in the order of their paths.
///
/// `dataset.json` in the folder gives the classes, as in a ``ZipDataset``. Without it, where every image lies in
/// one of two or more subfolders, the first subfolder on its path is its class, numbered in the order of their
/// names. `a.txt` beside `a.jpg` is its caption. Links are followed. Hidden files, and those that Windows and macOS leave beside images, are passed over; any
/// other file that is no image is an error, since a set that silently lacks images trains a wrong model. Headers are read
/// at once, pixels when first asked for. The set is RGB if any image is.
public struct FolderDataset: ImageDataset {
    /// The number of images.
    public let count: Int
    /// The number of classes, 0 where there are no labels.
    public let classCount: Int
    /// The class of each image.
    public let labels: [Int]?
    /// The names of the subfolders that are classes.
    public let classNames: [String]?
    /// How many images are not upright by their EXIF data.
    public let turnedCount: Int
    /// `[C, H, W]`.
    public var imageShape: [Int] { store.shape }
    private let store: ImageStore
    private let texts: Captions

    /// Opens a folder.
    ///
    /// - Parameters:
    ///   - url: the folder.
    ///   - size: the side to which every image is cropped around its middle and resized; with nil, all must be
    ///     of one size.
    ///   - turnsImages: whether images are turned upright as their EXIF data asks for.
    ///   - keepsImages: whether images stay in memory once they are decoded, up to 2 GB; false where each is
    ///     asked for once.
    /// - Throws: ``ImageError`` naming the files that are no images, the first that is damaged or of another size than
    ///   the first, a link that leads nowhere, or an image that `dataset.json` lacks.
    public init(at url: URL, size: Int? = nil, turnsImages: Bool = false, keepsImages: Bool = true) throws {
        let all = try Self.paths(in: url)
        let (paths, texts) = Self.split(all.filter { $0 != LabelFile.name })
        guard !paths.isEmpty else {
            throw ImageError.notADataset(
                file: url.path,
                reason:
                    "it holds no PNG, JPEG or WebP images and no IDX files such as train-images-idx3-ubyte")
        }
        let files = paths.map { url.appendingPathComponent($0) }
        let headers = try ImageHeaders(of: paths, in: url.path, size: size, turnsImages: turnsImages) {
            files[$0].path
        } header: {
            let codec = try Codec(readFile(files[$0]), named: files[$0].path)
            return (try codec.shape(), codec.orientation)
        }
        turnedCount = headers.turnedCount

        count = files.count
        self.texts = Captions(of: files.map(\.path)) { index in
            try texts[index].map { try readFile(url.appendingPathComponent($0)) }
        }
        if all.contains(LabelFile.name) {
            let file = url.appendingPathComponent(LabelFile.name)
            labels = try LabelFile.labels(readFile(file), of: paths, file: file.path)
            classNames = nil
        } else {
            classNames = Self.classNames(of: paths)
            labels = classNames.map { Self.labels(of: paths, $0) }
        }
        classCount = labels?.max().map { $0 + 1 } ?? 0
        store = ImageStore(shape: headers.shape, size: size, keepsImages: keepsImages) { index in
            let file = files[index]
            return (try Image(decoding: readFile(file), named: file.path, turned: turnsImages), file.path)
        }
    }

    /// The images at `indices` as uint8 `[N, C, H, W]`.
    public func images(at indices: [Int]) throws -> Tensor {
        try store.images(at: indices)
    }

    /// The texts beside the images.
    public func captions() throws -> [String]? { try texts.all() }

    /// The paths, relative to the folder, of all files that are not passed over.
    private static func paths(in folder: URL) throws -> [String] {
        do {
            return try Files.files(below: folder, except: isPassedOver)
        } catch {
            throw ImageError.unreadable(file: error.path, reason: error.reason)
        }
    }

    /// Images, and the texts of their names, nil for each that is not there. A text of no image is no text.
    private static func split(_ all: [String]) -> (images: [String], texts: [String?]) {
        func stem(_ path: String) -> String { (path as NSString).deletingPathExtension }
        func isText(_ path: String) -> Bool { (path as NSString).pathExtension.lowercased() == "txt" }
        let named = Set(all.lazy.filter { !isText($0) }.map(stem))
        let images = all.filter { !isText($0) || !named.contains(stem($0)) }
        let texts = Dictionary(all.lazy.filter(isText).map { (stem($0), $0) }) { first, _ in first }
        return (images, images.map { isText($0) ? nil : texts[stem($0)] })
    }

    private static func classNames(of paths: [String]) -> [String]? {
        let folders = paths.map { $0.split(separator: "/").dropLast().first }
        let classes = Set(folders.compactMap(\.self)).sorted()
        return classes.count > 1 && !folders.contains(nil) ? classes.map(String.init) : nil
    }

    private static func labels(of paths: [String], _ classes: [String]) -> [Int] {
        let numbers = Dictionary(uniqueKeysWithValues: zip(classes, 0...))
        return paths.compactMap { path in path.split(separator: "/").first.flatMap { numbers[String($0)] } }
    }
}
