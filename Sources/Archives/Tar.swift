// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// Whether data begins as a tar archive of POSIX or GNU does.
public func isTar(_ data: Data) -> Bool {
    data.count >= TarHeader.size && data.dropFirst(257).starts(with: "ustar".utf8)
}

/// Reads files out of a tar archive, plain or within gzip, that is held in memory.
///
/// Members are headers of 512 bytes in the format ustar (POSIX.1-1988) or GNU's, each followed by the file's bytes in
/// whole blocks of 512. Only plain files count: folders, links and the records of later formats are passed over.
///
/// - Parameters:
///   - file: the archive's bytes.
///   - name: what errors call the archive.
///   - limit: the most bytes that an archive within gzip may have.
///   - isWanted: whether to read the member of a path.
/// - Returns: the wanted files by their path; of two with one path the last.
/// - Throws: ``ArchiveError/damaged(file:reason:)``.
public func readTar(
    _ file: Data, named name: String, atMost limit: Int = 1 << 30, where isWanted: (String) -> Bool
) throws(ArchiveError) -> [String: Data] {
    var archive = file
    if file.starts(with: gzipSignature) {
        let (contents, isWhole) = try gunzip(file, atMost: limit, named: name)
        guard isWhole else { throw .damaged(file: name, reason: "it holds more than \(limit) bytes") }
        archive = contents
    }
    var found: [String: Data] = [:]
    var rest = archive[...]
    while let header = try TarHeader(rest.prefix(TarHeader.size), of: name) {
        rest = rest.dropFirst(TarHeader.size)
        guard header.byteCount <= rest.count else {
            throw .damaged(file: name, reason: "it ends within its member '\(header.path)'")
        }
        if header.isPlainFile, isWanted(header.path) { found[header.path] = rest.prefix(header.byteCount) }
        rest = rest.dropFirst((header.byteCount + TarHeader.size - 1) / TarHeader.size * TarHeader.size)
    }
    return found
}

/// What stands before a member of a tar archive.
private struct TarHeader {
    static let size = 512

    let path: String
    let byteCount: Int
    let isPlainFile: Bool

    /// Reads a header; nil if it is the block of zeros that ends an archive.
    init?(_ block: Data, of archive: String) throws(ArchiveError) {
        let bytes = Array(block)
        guard bytes.count == Self.size else {
            throw .damaged(file: archive, reason: "it ends without the mark of an end")
        }
        if bytes.allSatisfy({ $0 == 0 }) { return nil }
        // The check sum counts its own eight bytes as spaces.
        let sum = bytes.indices.reduce(0) { $0 + (148..<156 ~= $1 ? 32 : Int(bytes[$1])) }
        guard Self.number(bytes[148..<156]) == sum, let count = Self.number(bytes[124..<136]) else {
            throw .damaged(file: archive, reason: "a member's header has a wrong check sum or size")
        }
        let (name, prefix) = (Self.text(bytes[0..<100]), Self.text(bytes[345..<500]))
        let isPOSIX = bytes[257..<263].elementsEqual("ustar\0".utf8)
        path = isPOSIX && !prefix.isEmpty ? "\(prefix)/\(name)" : name
        byteCount = count
        isPlainFile = bytes[156] == 0 || bytes[156] == UInt8(ascii: "0")
    }

    /// An octal number between spaces and zeros.
    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        Int(text(field).trimmingCharacters(in: .whitespaces), radix: 8).flatMap { $0 < 0 ? nil : $0 }
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }
}
