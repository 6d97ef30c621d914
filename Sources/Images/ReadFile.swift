// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation

/// Maps a file into memory.
///
/// - Throws: ``ImageError`` if it cannot be read, or if something else stands in its place, such as a pointer of Git LFS.
func readFile(_ url: URL) throws -> Data {
    let data: Data
    do {
        data = try Data(contentsOf: url, options: .alwaysMapped)
    } catch {
        throw ImageError.unreadable(file: url.path, reason: cause(of: error))
    }
    let isPage = ["htm", "html", "xml"].contains(url.pathExtension.lowercased())
    if !isPage { try refuseSubstitute(data, named: url.path) }
    return data
}

/// - Throws: ``ImageError/substituted(file:reason:)`` if the beginning of a file, or all of it, is of something that stands in its place.
func refuseSubstitute(_ data: Data, named name: String) throws(ImageError) {
    if let substitute = ContentKind(data)?.substitute { throw .substituted(file: name, reason: substitute) }
}
