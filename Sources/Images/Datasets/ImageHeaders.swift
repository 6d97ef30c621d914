// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// What the headers of a set's files tell, before any image is decoded.
struct ImageHeaders {
    /// `[C, H, W]` of the set: RGB if any image is.
    let shape: [Int]
    /// How many images are not upright by their EXIF data.
    let turnedCount: Int

    /// Reads them all.
    ///
    /// - Parameters:
    ///   - paths: the paths within the set, one at least.
    ///   - place: what errors call the set.
    ///   - size: the side to which images are brought; with nil, all must be of one size.
    ///   - title: what errors call the file at a position.
    ///   - turnsImages: whether images are turned upright.
    ///   - header: reads `[C, H, W]` of the file at a position, and how it is to be turned.
    /// - Throws: ``ImageError`` that tells of all files that are no images, or of the first that is damaged or of another
    ///   size than the first.
    init(
        of paths: [String], in place: String, size: Int?, turnsImages: Bool, title: (Int) -> String,
        header: (Int) throws -> (shape: [Int], orientation: Orientation)
    ) throws {
        var shapes: [[Int]] = []
        var turnedCount = 0
        var strays: [Int] = []
        var formats: [Int: String] = [:]
        for index in paths.indices {
            do {
                let (shape, orientation) = try header(index)
                shapes.append(turnsImages ? orientation.shape(shape) : shape)
                if orientation != .upright { turnedCount += 1 }
            } catch ImageError.notAnImage {
                strays.append(index)
            } catch ImageError.otherFormat(_, let format) {
                strays.append(index)
                formats[index] = format
            }
        }
        if strays.count == 1 {
            let file = title(strays[0])
            throw formats[strays[0]].map { ImageError.otherFormat(file: file, format: $0) }
                ?? .notAnImage(file: file)
        }
        guard strays.isEmpty else {
            // Images that can be converted before what else lies there.
            let shown = formats.keys.sorted() + strays.filter { formats[$0] == nil }
            throw ImageError.notImages(
                place: place, count: strays.count, first: shown.prefix(5).map { paths[$0] },
                formats: Set(formats.values).sorted(),
                endings: Set(formats.keys.map { ending(of: paths[$0]) }).sorted())
        }
        let area = shapes[0].dropFirst()
        if size == nil, let odd = shapes.firstIndex(where: { $0.dropFirst() != area }) {
            throw ImageError.mismatched(
                file: title(odd), found: form(of: shapes[odd]),
                expected: "\(form(of: shapes[0])) as in \(paths[0])")
        }
        self.turnedCount = turnedCount
        self.shape = [shapes.map { $0[0] }.max() ?? 1] + (size.map { [$0, $0] } ?? Array(area))
    }
}

/// Whether a file of a set, or a folder with all in it, is none of its images by its name alone: what is hidden, and what
/// Windows, macOS and file servers leave beside images.
func isPassedOver(_ name: some StringProtocol) -> Bool {
    let litter = ["thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir"]
    return name.hasPrefix(".") || litter.contains(name.lowercased())
}

/// What a name ends with after its last dot, in small letters; nothing without one.
private func ending(of path: String) -> String { URL(filePath: path).pathExtension.lowercased() }
