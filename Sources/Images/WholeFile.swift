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

/// Writes a file beside its place, forces it to the disk and moves it there: readers and crashes meet the old
/// file or the new one, never a part.
func writeWhole(_ data: Data, to url: URL) throws {
    let beside = url.deletingLastPathComponent()
        .appendingPathComponent(".\(url.lastPathComponent).\(UUID().uuidString).part")
    do {
        try data.write(to: beside, options: .withoutOverwriting)
        let file = try FileHandle(forWritingTo: beside)
        try file.synchronize()
        try file.close()
        guard rename(beside.path, url.path) == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
    } catch {
        try? FileManager.default.removeItem(at: beside)
        throw ImageError.unwritable(
            file: url.path,
            reason: "\(cause(of: error)); check that its folder exists, allows it and has room")
    }
}
