// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Conversion
import Foundation

/// A file in memory where the system has such a place.
private let file = URL(
    filePath: "\(FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory())"
        + "/fuzz-weights-\(ProcessInfo.processInfo.processIdentifier)")

/// Reads weights of any format, and their description.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        try Data(UnsafeBufferPointer(start: bytes, count: count)).write(to: file)
        let weights = try readForeignWeights(at: file)
        _ = try JSONEncoder().encode(weights.module)
    } catch {
        _ = "\(error)"
    }
    return 0
}
