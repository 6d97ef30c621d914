// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// One event as a reader finds it that shares no code with the writer.
struct FoundEvent: Equatable {
    var step = 0
    var version: String?
    var scalars: [String: Float] = [:]
    var images: [String: FoundImage] = [:]
}

struct FoundImage: Equatable {
    var height = 0
    var width = 0
    var file = Data()
}

enum EventFileProblem: Error {
    case check(offset: Int)
    case torn(offset: Int)
}

/// CRC-32C one bit at a time.
func bitwiseCRC32C(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var rest: UInt32 = 0xffff_ffff
    for byte in bytes {
        for bit in 0..<8 {
            let isOdd = (rest ^ UInt32(byte >> bit)) & 1 == 1
            rest = (rest >> 1) ^ (isOdd ? 0x82f6_3b78 : 0)
        }
    }
    return rest ^ 0xffff_ffff
}

/// Reads every record of an event file, comparing both checks of each.
func readEvents(_ url: URL) throws -> [FoundEvent] {
    let bytes = try [UInt8](Data(contentsOf: url))
    var events: [FoundEvent] = []
    var offset = 0
    func number(at start: Int, count: Int) throws -> UInt64 {
        guard start + count <= bytes.count else { throw EventFileProblem.torn(offset: offset) }
        return bytes[start..<start + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    func compare(_ range: Range<Int>) throws {
        guard range.upperBound <= bytes.count else { throw EventFileProblem.torn(offset: offset) }
        let rotated = bitwiseCRC32C(bytes[range])
        let masked = (rotated >> 15 | rotated << 17) &+ 0xa282_ead8
        guard try number(at: range.upperBound, count: 4) == UInt64(masked) else {
            throw EventFileProblem.check(offset: offset)
        }
    }
    while offset < bytes.count {
        let count = try Int(number(at: offset, count: 8))
        try compare(offset..<offset + 8)
        try compare(offset + 12..<offset + 12 + count)
        events.append(event(bytes[offset + 12..<offset + 12 + count]))
        offset += 12 + count + 4
    }
    return events
}

private func event(_ bytes: ArraySlice<UInt8>) -> FoundEvent {
    var event = FoundEvent()
    for case (let field, let content) in fields(bytes) {
        switch (field, content) {
        case (2, .number(let step)): event.step = Int(step)
        case (3, .bytes(let text)): event.version = String(decoding: text, as: UTF8.self)
        case (5, .bytes(let summary)):
            for case (1, .bytes(let value)) in fields(summary) {
                add(value, to: &event)
            }
        default: break
        }
    }
    return event
}

private func add(_ value: ArraySlice<UInt8>, to event: inout FoundEvent) {
    var tag = ""
    for (field, content) in fields(value) {
        switch (field, content) {
        case (1, .bytes(let text)): tag = String(decoding: text, as: UTF8.self)
        case (2, .number(let bits)): event.scalars[tag] = Float(bitPattern: UInt32(bits))
        case (4, .bytes(let image)): event.images[tag] = FoundImage(fields(image))
        default: break
        }
    }
}

extension FoundImage {
    fileprivate init(_ fields: [(field: Int, content: Content)]) {
        for (field, content) in fields {
            switch (field, content) {
            case (1, .number(let number)): height = Int(number)
            case (2, .number(let number)): width = Int(number)
            case (4, .bytes(let bytes)): file = Data(bytes)
            default: break
            }
        }
    }
}

private enum Content {
    case number(UInt64)
    case bytes(ArraySlice<UInt8>)
}

/// The fields of a message in the wire format of protocol buffers.
private func fields(_ message: ArraySlice<UInt8>) -> [(field: Int, content: Content)] {
    var rest = message
    func varint() -> UInt64 {
        var (value, shift): (UInt64, UInt64) = (0, 0)
        while let byte = rest.popFirst() {
            value |= UInt64(byte & 0x7f) << shift
            shift += 7
            if byte < 0x80 { break }
        }
        return value
    }
    func taken(_ count: Int) -> ArraySlice<UInt8> {
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
    var fields: [(Int, Content)] = []
    while !rest.isEmpty {
        let key = varint()
        let content: Content =
            switch key & 7 {
            case 0: .number(varint())
            case 2: .bytes(taken(Int(varint())))
            default: .number(taken(key & 7 == 1 ? 8 : 4).reversed().reduce(0) { $0 << 8 | UInt64($1) })
            }
        fields.append((Int(key >> 3), content))
    }
    return fields
}
