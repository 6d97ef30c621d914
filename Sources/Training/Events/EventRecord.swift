// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import SwiftProtobuf

/// The framing of an event in a file: its length as 8 bytes, their check, the event, its check; all little-endian.
///
/// Source: tensorflow/core/lib/io/record_writer.h.
enum EventRecord {
    /// An event as a record.
    static func framed(_ event: ProtoEvent) throws -> Data {
        let payload: Data = try event.serializedBytes()
        let length = bytes(of: UInt64(payload.count))
        return length + bytes(of: CRC32C.masked(length)) + payload + bytes(of: CRC32C.masked(payload))
    }

    /// How many bytes of a file hold whole records of steps up to and including `step`. Steps never fall in a file, so
    /// what follows is later, or a record that was torn when the process or the disk failed.
    static func prefix(of file: Data, upTo step: Int) -> Int {
        var end = 0
        while let (event, length) = event(at: file[file.startIndex + end..<file.endIndex]), event.step <= step
        {
            end += length
        }
        return end
    }

    /// The event at the front of some bytes and the length of its record; none if the record is not whole.
    private static func event(at bytes: Data) -> (ProtoEvent, length: Int)? {
        guard bytes.count >= 12, CRC32C.masked(bytes.prefix(8)) == integer(bytes.dropFirst(8)) as UInt32
        else {
            return nil
        }
        let rest = bytes.dropFirst(12)
        guard let count = Int(exactly: integer(bytes) as UInt64), count <= rest.count - 4 else { return nil }
        let payload = rest.prefix(count)
        guard CRC32C.masked(payload) == integer(rest.dropFirst(count)) as UInt32,
            let event = try? ProtoEvent(serializedBytes: payload)
        else { return nil }
        return (event, count + 16)
    }

    private static func bytes(of integer: some FixedWidthInteger) -> Data {
        withUnsafeBytes(of: integer.littleEndian) { Data($0) }
    }

    private static func integer<Integer: FixedWidthInteger>(_ bytes: Data) -> Integer {
        bytes.withUnsafeBytes { Integer(littleEndian: $0.loadUnaligned(as: Integer.self)) }
    }
}
