// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation
import Testing

@Suite("A gzip file") struct GunzipTests {
    /// `gzip -9` of 1000 times the letter a.
    private let file = Data(
        [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 0xFF, 0x4B, 0x4C, 0x1C, 5, 0xA3, 0x60, 0x14, 0x0C, 0x77, 0, 0]
            + [0x03, 0xDA, 0x38, 0x9A, 0xE8, 3, 0, 0])
    private let contents = Data(repeating: UInt8(ascii: "a"), count: 1000)

    @Test("is inflated to its end")
    func whole() throws {
        #expect(try gunzip(file, atMost: 1 << 30, named: "a.gz") == (contents, true))
        #expect(try gunzip(file + Data([1, 2]), atMost: 1 << 30, named: "a.gz") == (contents, true))
    }

    @Test("is inflated as far as one asks", arguments: [0, 1, 999, 1000])
    func part(limit: Int) throws {
        let (part, isWhole) = try gunzip(file, atMost: limit, named: "a.gz")
        #expect(part == contents.prefix(limit) && isWhole == (limit == 1000))
    }

    @Test("that breaks off or is damaged is an error")
    func damaged() {
        for count in 0..<file.count {
            let said = complaint { _ = try gunzip(file.prefix(count), atMost: 2000, named: "a.gz") }
            #expect(
                said.hasPrefix("a.gz is damaged: its gzip data "), "\(count) of \(file.count) bytes: \(said)")
        }
        var other = file
        other[20] ^= 1
        #expect(
            complaint { _ = try gunzip(other, atMost: 2000, named: "a.gz") }
                == "a.gz is damaged: its gzip data is damaged; fetch or make it again.")
    }
}
