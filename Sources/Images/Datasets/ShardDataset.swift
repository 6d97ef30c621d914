// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Files
public import Foundation
public import Torch

/// The images in tar archives, laid out as WebDataset has it: the files of a sample follow one another, and are named by its key and what
/// they hold, such as `0007.jpg`, `0007.cls` and `0007.txt`.
///
/// A sample's image ends in `.png`, `.jpg`, `.jpeg` or `.webp`; its class, a whole number, in `.cls`; its caption in `.txt`; all other files are passed over. Samples are in
/// the order of the archives, and may be asked for in any: archives are mapped into memory, of which the headers are read at once and
/// images when first asked for. The set is RGB if any image is.
public struct ShardDataset: ImageDataset {
    /// The number of images.
    public let count: Int
    /// The number of classes, 0 where there are no labels.
    public let classCount: Int
    /// The class of each image.
    public let labels: [Int]?
    /// How many images are not upright by their EXIF data.
    public let turnedCount: Int
    /// `[C, H, W]`.
    public var imageShape: [Int] { store.shape }
    private let store: ImageStore
    private let texts: Captions

    /// The archives that a path stands for: one, those of a pattern such as `{000..015}.tar`, or all in a folder that holds nothing else;
    /// nil of any other path.
    static func archives(at url: URL) throws -> [URL]? {
        let paths = expandingBraces(url.path)
        if paths.count > 1, paths.allSatisfy({ $0.hasSuffix(".tar") }) {
            return paths.map { URL(filePath: $0) }
        }
        guard !url.path.contains("{"), try isExistingFolder(url) else { return nil }
        guard let names = try? names(in: url).filter({ !isPassedOver($0) }).sorted(), !names.isEmpty,
            names.allSatisfy({ $0.hasSuffix(".tar") })
        else { return nil }
        return names.map { url.appending(path: $0) }
    }

    /// Whether a file is a tar archive with an image in it, which CIFAR-10's is not.
    static func canOpen(_ file: Data) -> Bool {
        guard isTar(file), let members = try? tarMembers(file, named: "") else { return false }
        return members.contains { Sample.endings.contains(Sample.split($0.path).ending) }
    }

    /// Opens archives.
    ///
    /// - Parameters:
    ///   - urls: the archives, at least one.
    ///   - size: the side to which every image is cropped and resized; with nil, all must be of one size.
    ///   - turnsImages: whether images are turned upright as their EXIF data asks for.
    ///   - keepsImages: whether images stay in memory once they are decoded, up to 2 GB.
    /// - Throws: ``ImageError`` when an archive cannot be read or is damaged, has no images, or labels are missing.
    public init(at urls: [URL], size: Int? = nil, turnsImages: Bool = false, keepsImages: Bool = true) throws
    {
        let samples = try urls.flatMap(Sample.all)
        guard !samples.isEmpty else {
            throw ImageError.notADataset(
                file: urls[0].path, reason: "it holds no sample with a file in .png, .jpg, .jpeg or .webp")
        }
        let headers = try ImageHeaders(
            of: samples.map(\.name), in: urls[0].path, size: size, turnsImages: turnsImages
        ) {
            samples[$0].title
        } header: {
            let codec = try Codec(samples[$0].image, named: samples[$0].title)
            return (try codec.shape(), codec.orientation)
        }
        count = samples.count
        turnedCount = headers.turnedCount
        labels = try Self.labels(of: samples)
        texts = Captions(of: samples.map(\.title)) { samples[$0].caption }
        classCount = labels?.max().map { $0 + 1 } ?? 0
        store = ImageStore(shape: headers.shape, size: size, keepsImages: keepsImages) { index in
            let sample = samples[index]
            return (try Image(decoding: sample.image, named: sample.title, turned: turnsImages), sample.title)
        }
    }

    /// The images at `indices` as uint8 `[N, C, H, W]`.
    public func images(at indices: [Int]) throws -> Tensor { try store.images(at: indices) }

    /// The texts of the samples.
    public func captions() throws -> [String]? { try texts.all() }

    /// The classes, which all samples must have if any has one.
    private static func labels(of samples: [Sample]) throws -> [Int]? {
        guard samples.contains(where: { $0.label != nil }) else { return nil }
        return try samples.map { sample in
            guard let data = sample.label else {
                throw ImageError.badLabels(file: sample.title, reason: "it has no .cls, which others have")
            }
            let text = String(decoding: data.prefix(32), as: UTF8.self).trimmingCharacters(
                in: .whitespacesAndNewlines)
            guard let label = Int(text), LabelFile.classes.contains(label) else {
                throw ImageError.badLabels(
                    file: sample.title,
                    reason:
                        "its .cls is '\(text)' instead of a whole number up to \(LabelFile.classes.upperBound)"
                )
            }
            return label
        }
    }
}

/// The files of a sample that a data set of images reads.
private struct Sample: Sendable {
    /// Those of images.
    static let endings = ["png", "jpg", "jpeg", "webp"]

    let archive: String
    /// The name of the image in the archive.
    let name: String
    let image: Data
    let label: Data?
    let caption: Data?

    /// What errors call it.
    var title: String { "\(archive): \(name)" }

    /// The samples of an archive that have an image, in their order.
    static func all(in url: URL) throws -> [Sample] {
        let file = try readFile(url)
        guard isTar(file) else {
            throw ImageError.notADataset(
                file: url.path,
                reason: "it is \(ContentKind(file)?.words ?? "something else") instead of a tar archive")
        }
        let members = try archived { () throws(ArchiveError) in try tarMembers(file, named: url.path) }
        var samples: [Sample] = []
        var start = 0
        while start < members.count {
            let key = split(members[start].path).key
            let end = members[start...].firstIndex { split($0.path).key != key } ?? members.count
            let files = members[start..<end]
            func first(_ endings: [String]) -> TarMember? {
                files.first { endings.contains(split($0.path).ending) }
            }
            if let image = first(Self.endings) {
                samples.append(
                    Sample(
                        archive: url.path, name: image.path, image: image.contents,
                        label: first(["cls"])?.contents, caption: first(["txt"])?.contents))
            }
            start = end
        }
        return samples
    }

    /// A path up to the first dot of its last part, and what follows that.
    static func split(_ path: String) -> (key: Substring, ending: String) {
        let name = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        guard let dot = path[name...].firstIndex(of: ".") else { return (path[...], "") }
        return (path[..<dot], path[path.index(after: dot)...].lowercased())
    }
}
