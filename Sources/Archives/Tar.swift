// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// Whether data begins as a tar archive of POSIX or GNU does.
public func isTar(_ data: Data) -> Bool {
    data.count >= TarHeader.size && data.dropFirst(257).starts(with: "ustar".utf8)
}

/// Reads files out of a tar archive, plain or within gzip, that is held in memory.
///
/// See ``tarMembers(_:named:)``.
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
    let wanted = try tarMembers(archive, named: name).filter { isWanted($0.path) }
    return Dictionary(wanted.map { ($0.path, $0.contents) }) { $1 }
}

/// A plain file in a tar archive.
public struct TarMember: Sendable {
    /// Its path in the archive.
    public let path: String
    /// Its bytes, which are those of the archive.
    public let contents: Data
}

/// The files in a tar archive, in their order. Nothing is copied: of an archive that is mapped into memory only the headers are read.
///
/// Members are headers of 512 bytes in the format ustar (POSIX.1-1988) or GNU's, each followed by the file's bytes in
/// whole blocks of 512. Only plain files count: folders and links are passed over. Long names may be in a record before the header, GNU's
/// or that of POSIX.1-2001.
///
/// - Parameters:
///   - archive: the archive's bytes.
///   - name: what errors call it.
/// - Throws: ``ArchiveError/damaged(file:reason:)``.
public func tarMembers(_ archive: Data, named name: String) throws(ArchiveError) -> [TarMember] {
    var members: [TarMember] = []
    var longPath: String?
    var rest = archive[...]
    while let header = try TarHeader(rest.prefix(TarHeader.size), of: name) {
        rest = rest.dropFirst(TarHeader.size)
        guard header.byteCount <= rest.count else {
            throw .damaged(file: name, reason: "it ends within its member '\(header.path)'")
        }
        let contents = rest.prefix(header.byteCount)
        switch header.kind {
        case .file:
            members.append(TarMember(path: longPath ?? header.path, contents: contents))
            longPath = nil
        case .longPath: longPath = TarHeader.text(contents.prefix(TarHeader.longestPath))
        case .records:
            longPath = TarHeader.path(inRecords: contents.prefix(TarHeader.longestPath)) ?? longPath
        case .other: longPath = nil
        }
        rest = rest.dropFirst((header.byteCount + TarHeader.size - 1) / TarHeader.size * TarHeader.size)
    }
    return members
}

/// What stands before a member of a tar archive.
private struct TarHeader {
    static let size = 512

    let path: String
    let byteCount: Int
    let kind: Kind

    enum Kind { case file, longPath, records, other }

    /// The bytes that are read of a record that holds a path.
    static let longestPath = 1 << 16

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
        kind =
            switch bytes[156] {
            case 0, UInt8(ascii: "0"): .file
            case UInt8(ascii: "L"): .longPath
            case UInt8(ascii: "x"): .records
            default: .other
            }
    }

    /// The path in records such as `21 path=a/long/name\n`, each of which begins with its length.
    static func path(inRecords records: Data) -> String? {
        String(decoding: records, as: UTF8.self).split(separator: "\n").lazy.compactMap { record in
            let text = record.drop { $0 != " " }.dropFirst()
            return text.hasPrefix("path=") ? String(text.dropFirst(5)) : nil
        }.first
    }

    /// An octal number between spaces and zeros.
    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        Int(text(field).trimmingCharacters(in: .whitespaces), radix: 8).flatMap { $0 < 0 ? nil : $0 }
    }

    static func text(_ field: some Sequence<UInt8>) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }
}
