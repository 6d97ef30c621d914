// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// The bytes of a file of prompts, read from the first to the last.
struct PromptBytes {
    let file: String
    let bytes: UnsafeRawBufferPointer
    /// The next byte.
    var position: Int
    /// The number of the line that has been read, or is being read, from 1.
    var line = 0

    /// Begins behind a byte order mark.
    ///
    /// - Throws: ``PromptFileError/notText(file:)`` for UTF-16, which a mark or the zeros in it betray, and for what is no
    ///   text at all.
    init(_ bytes: UnsafeRawBufferPointer, file: String) throws(PromptFileError) {
        let isUTF16 = bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff])
        guard !isUTF16, !bytes.contains(0) else { throw .notText(file: file) }
        (self.bytes, self.file) = (bytes, file)
        position = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    }

    var isAtEnd: Bool { position == bytes.count }

    /// The next line without its break; nil at the end.
    mutating func nextLine() -> Range<Int>? {
        guard !isAtEnd else { return nil }
        line += 1
        let start = position
        let end = bytes[start...].firstIndex(of: newline) ?? bytes.count
        position = min(end + 1, bytes.count)
        return start..<end
    }

    /// Some bytes as text, without the white space around them, of which a carriage return before a line break is some.
    ///
    /// - Parameter line: where they are.
    func text(_ range: Range<Int>, line: Int) throws(PromptFileError) -> String {
        try text(UnsafeRawBufferPointer(rebasing: trimmed(bytes[range])), line: line)
    }

    /// Bytes that were taken from a line, as text.
    func text(_ bytes: some Sequence<UInt8>, line: Int) throws(PromptFileError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .notUTF8(file: file, line: line)
        }
        return text
    }
}

/// Without the white space around.
func trimmed<Bytes: BidirectionalCollection<UInt8>>(_ bytes: Bytes) -> Bytes.SubSequence {
    var rest = bytes[...]
    while let first = rest.first, isWhiteSpace(first) { rest = rest.dropFirst() }
    while let last = rest.last, isWhiteSpace(last) { rest = rest.dropLast() }
    return rest
}

let newline = UInt8(ascii: "\n")
let carriageReturn = UInt8(ascii: "\r")

private func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
