// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation

/// A file that grows at its end.
final class AppendedFile: Sendable {
    private let file: OpenFile

    /// Opens or makes a file, and cuts it.
    ///
    /// - Parameter prefix: how many of the file's bytes to keep.
    init(_ url: URL, keeping prefix: (Data) -> Int) throws {
        file = try OpenFile(url, O_RDWR | O_CREAT)
        try file.truncate(to: prefix(contents(of: url)))
    }

    /// Adds bytes in one piece.
    func append(_ data: Data) throws {
        try file.write(data)
    }

    /// Waits until the disk has it all.
    func synchronize() throws {
        try file.synchronize()
    }
}
