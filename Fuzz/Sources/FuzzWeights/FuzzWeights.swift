// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Scratch
import Weights

/// Reads weights of any format, and their description.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        let weights = try readForeignWeights(at: place(input(bytes, count), as: "input"))
        _ = try JSONEncoder().encode(weights.module)
    } catch {
        _ = "\(error)"
    }
    return 0
}
