// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
public import Foundation
public import Torch

/// Images in an `.npz` archive, as guided-diffusion's samplers write them: `arr_0`, uint8 `[N, H, W, C]` or `[N, H, W]`, and
/// perhaps `arr_1`, the class of each. Source: Dhariwal and Nichol, arXiv 2105.05233, and their programs.
public struct NumPyDataset: ImageDataset {
    /// The number of images.
    public let count: Int
    /// The number of classes, 0 where there are no labels.
    public let classCount: Int
    /// The class of each image.
    public let labels: [Int]?
    /// `[C, H, W]`.
    public var imageShape: [Int] { store.shape }
    private let store: ImageStore

    private static let (images, classes) = ("arr_0.npy", "arr_1.npy")

    /// Whether the first member of an archive is an array, as all of NumPy's are: told without opening it, which takes long for
    /// a set of a million images.
    static func mayOpen(_ file: Data) -> Bool {
        // Source: APPNOTE.TXT of the zip format, section 4.3.7: two bytes at 26 give the length of the name at 30.
        guard file.count >= 30 else { return false }
        let start = file.startIndex
        let length = Int(file[start + 26]) | Int(file[start + 27]) << 8
        return String(decoding: file.dropFirst(30).prefix(length), as: UTF8.self).hasSuffix(".npy")
    }

    /// Whether a file is an archive with an array of images.
    public static func canOpen(_ url: URL) -> Bool {
        (try? ZipArchive(at: url))?.member(named: images) != nil
    }

    /// Opens an archive.
    ///
    /// - Parameters:
    ///   - url: the archive.
    ///   - size: the side to which the images are cropped and resized; nil keeps them as they are.
    /// - Throws: ``ImageError`` where the arrays are not of images and classes; `ArchiveError` for a damaged archive.
    public init(at url: URL, size: Int? = nil) throws {
        let archive = try ZipArchive(at: url)
        func refusal(_ reason: String) -> ImageError { .notADataset(file: url.path, reason: reason) }
        func array(_ name: String) throws -> NumPyArray? {
            guard let member = archive.member(named: name) else { return nil }
            return try NumPyArray(npy: archive.contents(of: member), named: archive.title(of: member))
        }
        guard let images = try array(Self.images) else { throw refusal("it has no array 'arr_0' of images") }
        let shape = images.shape.count == 3 ? images.shape + [1] : images.shape
        guard images.type == "|u1", !images.isColumnMajor, shape.count == 4, [1, 3].contains(shape[3]),
            !shape.contains(0)
        else {
            throw refusal(
                "its array 'arr_0' is of type \(images.type) and shape \(images.shape), where images are |u1 and [N, H, W, 3], "
                    + "[N, H, W, 1] or [N, H, W]")
        }
        count = shape[0]
        let (height, width, channels) = (shape[1], shape[2], shape[3])
        labels = try array(Self.classes).map { classes in
            guard classes.shape == [shape[0]], let numbers = classes.wholeNumbers,
                numbers.allSatisfy({ LabelFile.classes.contains($0) })
            else {
                throw ImageError.badLabels(
                    file: url.path,
                    reason:
                        "'arr_1' is not a whole number from 0 to \(LabelFile.classes.upperBound) for each of the \(shape[0]) images"
                )
            }
            return numbers
        }
        classCount = labels?.max().map { $0 + 1 } ?? 0
        let bytes = images.bytes
        let length = height * width * channels
        let form = size.map { [channels, $0, $0] } ?? [channels, height, width]
        store = ImageStore(shape: form, size: size, keepsImages: false) { index in
            let start = bytes.startIndex + index * length
            let image = Image(
                width: width, height: height, channels: channels, pixels: Array(bytes[start..<start + length])
            )
            return (image, "\(url.path), image \(index)")
        }
    }

    /// The images at `indices` as uint8 `[N, C, H, W]`.
    public func images(at indices: [Int]) throws -> Tensor {
        try store.images(at: indices)
    }
}

extension NumPyArray {
    /// The elements, if they are little-endian whole numbers.
    fileprivate var wholeNumbers: [Int]? {
        func numbers<Number: FixedWidthInteger>(_ type: Number.Type) -> [Int]? {
            let size = MemoryLayout<Number>.size
            return bytes.withUnsafeBytes { bytes in
                (0..<bytes.count / size).map { index in
                    Int(
                        truncatingIfNeeded: Number(
                            littleEndian: bytes.loadUnaligned(fromByteOffset: index * size, as: Number.self)))
                }
            }
        }
        switch type {
        case "|u1": return numbers(UInt8.self)
        case "<i4": return numbers(Int32.self)
        case "<u4": return numbers(UInt32.self)
        case "<i8": return numbers(Int64.self)
        default: return nil
        }
    }
}
