// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation

/// What can be wrong with an image file or an image data set. `file` names it as the user would find it: a
/// path, or `archive.zip: member`.
public enum ImageError: LocalizedError, Equatable, CustomStringConvertible {
    /// The file or folder cannot be opened or read.
    case unreadable(file: String, reason: String)
    /// Something else stands in the place of the file, such as a pointer of Git LFS.
    case substituted(file: String, reason: String)
    /// The bytes are no image that is known.
    case notAnImage(file: String)
    /// The image is of a format that is not read, such as TIFF.
    case otherFormat(file: String, format: String)
    /// Several files of a set are neither PNG, JPEG nor WebP; `first` are the paths within it of some.
    /// `formats` are those of images among all of them, and `endings` what the names of these end with.
    case notImages(place: String, count: Int, first: [String], formats: [String] = [], endings: [String] = [])
    /// The file breaks off, fails a check sum or states a size that cannot be.
    case damaged(file: String, reason: String)
    /// The image has another size or more channels than its data set.
    case mismatched(file: String, found: String, expected: String)
    /// Files that make no data set, or none that this package knows.
    case notADataset(file: String, reason: String)
    /// The labels do not fit the images.
    case badLabels(file: String, reason: String)
    /// The image cannot be written.
    case unwritable(file: String, reason: String)

    /// One sentence: which file, what is wrong with it, what to do.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "\(file) cannot be read: \(reason); check the path and its permissions."
        case .substituted(let file, let reason):
            "\(file) cannot be used: \(reason)."
        case .notAnImage(let file):
            "\(file) is neither a PNG, a JPEG nor a WebP image; convert it, take it out, or hide it with a leading dot."
        case .otherFormat(let file, let format):
            "\(file) is an image in \(format), which is not read: make a PNG file of it, as ImageMagick's "
                + "`\(Self.command(file))` does, and take it out."
        case .notImages(let place, let count, let first, let formats, let endings):
            "\(place) holds \(count) files that are neither PNG, JPEG nor WebP images, \(count > first.count ? "such as " : "")"
                + "\(first.joined(separator: ", ")); "
                + (formats.isEmpty
                    ? "convert them, take them out, or hide them with a leading dot."
                    : "some are in \(formats.joined(separator: ", ")): convert those, as ImageMagick's "
                        + "`\(Self.command(endings, in: place))` does, and take them out, or hide them with a leading dot.")
        case .damaged(let file, let reason):
            "\(file) is damaged: \(reason); fetch or make it again."
        case .mismatched(let file, let found, let expected):
            "\(file) is \(found) where \(expected) was expected; give a size to crop and resize to, or convert it."
        case .notADataset(let file, let reason):
            "\(file) is not an image data set: \(reason)."
        case .badLabels(let file, let reason):
            "The labels in \(file) do not fit its images: \(reason)."
        case .unwritable(let file, let reason):
            "\(file) cannot be written: \(reason)."
        }
    }

    /// What makes a PNG file beside a file, or in its place where it has that ending; of an archive's member, once it is unpacked.
    private static func command(_ file: String) -> String {
        let name = file.components(separatedBy: ": ").last ?? file
        return "mogrify -format png \(shellWord(name))"
    }

    /// The same for all files of a set with some endings.
    private static func command(_ endings: [String], in place: String) -> String {
        let patterns = endings.map { shellWord($0.isEmpty ? "*" : "*.\($0)") }
        guard isFolder(URL(filePath: place)) else {
            return "mogrify -format png \(patterns.joined(separator: " "))"
        }
        let names = patterns.map { "-iname \($0)" }
        let either = names.count == 1 ? names[0] : "'(' \(names.joined(separator: " -o ")) ')'"
        return "find \(shellWord(place)) \(either) -exec mogrify -format png {} +"
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
