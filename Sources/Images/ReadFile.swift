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
    if let substitute = ContentKind(data)?.substitute, !isPage {
        throw ImageError.substituted(file: url.path, reason: substitute)
    }
    return data
}
