// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation
import Testing

/// Reads a pickle, written here as text in which each character stands for one byte.
func pickle(_ code: String, globals: Set<String> = []) throws(ArchiveError) -> PickleValue {
    try Pickle(bytes(code), named: "a.pkl", globals: globals).value
}

/// The bytes that the characters of a text stand for, below 256.
func bytes(_ code: String) -> Data { Data(code.unicodeScalars.map { UInt8($0.value) }) }

/// The sentence of the error that `body` throws, or nothing if it throws none.
func complaint(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch {
        return "\(error)"
    }
}

@Suite("Pickles") struct PickleTests {
    @Test(
        "numbers of every form",
        arguments: [
            ("K\u{FF}.", 255), ("M\u{01}\u{02}.", 513), ("J\u{FE}\u{FF}\u{FF}\u{FF}.", -2), ("I-12\n.", -12),
            ("L34L\n.", 34), ("\u{8A}\u{00}.", 0), ("\u{8A}\u{02}\u{00}\u{80}.", -32768),
            ("\u{8B}\u{01}\u{00}\u{00}\u{00}\u{7F}.", 127),
        ]) func whole(code: String, expected: Int) throws
    {
        #expect(try pickle(code).int == expected)
    }
    @Test("numbers with a fraction, truth and nothing") func others() throws {
        guard case .double(let big) = try pickle("G\u{3F}\u{F8}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}.") else {
            throw Unexpected()
        }
        guard case .double(let text) = try pickle("F-2.5e1\n.") else { throw Unexpected() }
        #expect(big == 1.5 && text == -25)
        guard case .bool(true) = try pickle("\u{88}."), case .bool(false) = try pickle("I00\n."),
            case .bool(true) = try pickle("I01\n."), case .none = try pickle("N.")
        else { throw Unexpected() }
        guard
            case .bigInt(let bytes) = try pickle("\u{8A}\u{09}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}.")
        else { throw Unexpected() }
        #expect(bytes.count == 9)
    }
}
struct Unexpected: Error {}
