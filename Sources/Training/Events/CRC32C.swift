// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// The cyclic redundancy check CRC-32C: Castagnoli's polynomial, bits reflected, inverted before and after.
///
/// Source: RFC 3720, section 12.1 and appendix B.4.
enum CRC32C {
    /// The check of some bytes.
    static func checksum(_ data: Data) -> UInt32 {
        let table = table
        return data.withUnsafeBytes { bytes in
            ~bytes.reduce(~0) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ ($0 >> 8) }
        }
    }

    /// The check as record files store it, altered so that checking bytes that hold checks stays sound.
    ///
    /// Source: tensorflow/core/lib/hash/crc32c.h.
    static func masked(_ data: Data) -> UInt32 {
        let check = checksum(data)
        return ((check >> 15) | (check << 17)) &+ 0xa282_ead8
    }

    private static let table = (0..<256).map { (byte: UInt32) in
        (0..<8).reduce(byte) { rest, _ in (rest >> 1) ^ (rest & 1 == 1 ? 0x82f6_3b78 : 0) }
    }
}
