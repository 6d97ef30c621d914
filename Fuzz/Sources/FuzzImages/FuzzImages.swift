// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Images
import Scratch

/// Decodes a PNG, JPEG or WebP. The check sums of a PNG are put right first, or hardly an input would pass them.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let data = mended(input(bytes, count))
    if let image = try? Image(decoding: data, named: "input"), image.pixels.count < 1 << 20 {
        _ = try? image.pngData()
    }
    _ = try? Image.text(decoding: data, named: "input")
    return 0
}

/// A PNG whose chunks, as far as they are whole, have the right check sums.
private func mended(_ data: Data) -> Data {
    guard data.starts(with: [0x89, 0x50, 0x4E, 0x47]) else { return data }
    var bytes = [UInt8](data)
    var start = 8
    while start + 12 <= bytes.count {
        let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        let end = start + 8 + length
        guard end + 4 <= bytes.count else { break }
        let sum = check(bytes[start + 4..<end], polynomial: 0xEDB8_8320)
        for place in 0..<4 { bytes[end + place] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * place)) }
        start = end + 4
    }
    return Data(bytes)
}
