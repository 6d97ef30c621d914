// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

package import Foundation

extension JSONEncoder {
    /// The JSON of every file that people may read: keys in order, and the floats that JSON lacks as strings.
    package static var file: JSONEncoder { sorted([.prettyPrinted]) }

    /// The JSON of a line, or of a text within another file.
    package static var line: JSONEncoder { sorted([]) }

    private static func sorted(_ formatting: OutputFormatting) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return encoder
    }
}

extension JSONDecoder {
    /// Reads what the encoders `file` and `line` write.
    package static var file: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return decoder
    }
}
