// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Scratch
import Torch
import Weights

/// Opens a safetensors file and reads every tensor in it.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        let file = try SafetensorsFile(place(input(bytes, count), as: "input.safetensors"))
        for name in file.names { _ = try file.tensor(name) }
        _ = file.metadata
    } catch {
        _ = "\(error)"
    }
    return 0
}
