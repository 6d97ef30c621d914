// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation

/// The bytes that the characters of a text stand for, each below 256.
func bytes(_ code: String) -> Data { Data(code.unicodeScalars.map { UInt8($0.value) }) }

/// Reads a pickle that is written as such a text.
func pickle(_ code: String, globals: Set<String> = []) throws -> PickleValue {
    try Pickle(bytes(code), named: "a.pkl", globals: globals).value
}

/// The sentence of the error that `body` throws, or nothing if it throws none.
func complaint(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch {
        return "\(error)"
    }
}
