// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Torch

/// Maps a file into memory.
func readFile(_ url: URL) throws -> Data {
    do {
        return try Data(contentsOf: url, options: .alwaysMapped)
    } catch {
        throw ImageError.unreadable(file: url.path, reason: cause(of: error))
    }
}

/// Writes a file whole or not at all.
func writeWhole(_ data: Data, to url: URL) throws {
    do {
        try writeWhole(to: url) { try data.withUnsafeBytes($0) }
    } catch {
        throw ImageError.unwritable(
            file: url.path,
            reason: "\(cause(of: error)); check that its folder exists, allows it and has room")
    }
}
