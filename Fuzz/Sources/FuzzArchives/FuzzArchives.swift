// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation
import Scratch

/// Reads a zip, a gzip, a tar and an array of NumPy, and arrays within a zip.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let data = input(bytes, count)
    if data.starts(with: ZipArchive.signature) {
        if let archive = try? ZipArchive(at: place(data, as: "input.zip")) {
            for member in archive.members.prefix(8) {
                guard let contents = try? archive.contents(of: member) else { continue }
                _ = try? NumPyArray(npy: contents, named: "member")
            }
        }
    }
    _ = try? gunzip(data, atMost: 1 << 20, named: "input")
    _ = try? readTar(data, named: "input") { _ in true }
    _ = try? NumPyArray(npy: data, named: "input")
    return 0
}
