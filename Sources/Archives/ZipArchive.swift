// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CArchives
import Files
public import Foundation
import Synchronization

/// The files in a zip archive, stored or deflated, zip64 included.
///
/// Sizes come from the archive's directory and are checked before anything is allocated: members together take no more
/// than the archive's own bytes, and none grows beyond what deflate can do.
public final class ZipArchive: Sendable {
    /// A file in an archive.
    public struct Member: Sendable {
        /// Its path within the archive, whose folders are parted by `/`, also where a program for Windows wrote `\`.
        public let name: String
        /// Bytes once inflated.
        public let size: Int
        fileprivate let index: Int64
    }

    /// The first bytes of a zip archive that is not empty.
    public static let signature: [UInt8] = [0x50, 0x4B, 3, 4]

    /// All members but folders, in the order of their names.
    public let members: [Member]
    private let path: String
    private let handle: Mutex<OpaquePointer>

    /// Deflate's densest code shrinks 1032 bytes to one.
    private static let largestRatio = 1032

    /// Opens an archive and checks the name and size of every member.
    ///
    /// A name that leads out of the folder it would be unpacked in marks an archive made to harm, and is
    /// refused even though nothing is unpacked here.
    ///
    /// - Parameters:
    ///   - url: the file.
    ///   - largestMember: the size, once inflated, that no member may exceed; by default only the archive's own size
    ///     bounds them.
    /// - Throws: ``ArchiveError/damaged(file:reason:)``.
    public init(at url: URL, largestMember: Int = .max) throws(ArchiveError) {
        path = url.path
        var opened: OpaquePointer?
        let failure = reason { error in
            opened = carchives_zip_open(url.path, error)
            return opened != nil
        }
        guard let archive = opened else {
            throw .damaged(file: url.path, reason: failure ?? "it cannot be opened")
        }
        do throws(ArchiveError) {
            members = try Self.members(
                of: archive, path: url.path, capacity: try Self.size(of: url), largestMember: largestMember)
        } catch {
            carchives_zip_close(archive)
            throw error
        }
        handle = Mutex(archive)
    }

    deinit {
        handle.withLock { carchives_zip_close($0) }
    }

    /// The name by which errors call a member.
    public func title(of member: Member) -> String { "\(path): \(member.name)" }

    /// The member of a name, if there is one.
    public func member(named name: String) -> Member? { members.first { $0.name == name } }

    /// Reads a member whole and checks its check sum.
    ///
    /// - Throws: ``ArchiveError/damaged(file:reason:)``.
    public func contents(of member: Member) throws(ArchiveError) -> Data {
        try bytes(of: member, count: member.size, carchives_zip_read)
    }

    /// Reads the first bytes of a member, as many as `limit` or all, of which no check sum tells whether they are right.
    ///
    /// - Throws: ``ArchiveError/damaged(file:reason:)``.
    public func start(of member: Member, atMost limit: Int) throws(ArchiveError) -> Data {
        guard member.size > limit else { return try contents(of: member) }
        return try bytes(of: member, count: limit, carchives_zip_start)
    }

    private typealias Reader =
        @Sendable (
            OpaquePointer?, Int64, UnsafeMutablePointer<UInt8>?, UInt64, UnsafeMutablePointer<CChar>?
        ) -> Bool

    private func bytes(of member: Member, count: Int, _ read: Reader) throws(ArchiveError) -> Data {
        var data = Data(count: count)
        let failure = handle.withLock { archive in
            data.withUnsafeMutableBytes { bytes in
                let buffer = bytes.assumingMemoryBound(to: UInt8.self)
                return reason { read(archive, member.index, buffer.baseAddress, UInt64(buffer.count), $0) }
            }
        }
        if let failure { throw .damaged(file: title(of: member), reason: failure) }
        return data
    }

    private static func size(of url: URL) throws(ArchiveError) -> Int {
        do {
            return try fileSize(of: url)
        } catch {
            throw .damaged(file: url.path, reason: error.reason)
        }
    }

    private static func members(
        of archive: OpaquePointer, path: String, capacity: Int, largestMember: Int
    ) throws(ArchiveError) -> [Member] {
        var members: [Member] = []
        var names: Set<String> = []
        var left = UInt64(capacity)
        for index in 0..<carchives_zip_count(archive) {
            var stated = carchives_member()
            let failure = reason { carchives_zip_member(archive, index, &stated, $0) }
            guard failure == nil, let text = stated.name else {
                throw .damaged(file: path, reason: failure ?? "a member has no name")
            }
            let stored = String(cString: text)
            let name = stored.replacing("\\", with: "/")
            if leadsOut(name) {
                throw .damaged(file: path, reason: "its member '\(stored)' leads out of the archive")
            }
            guard names.insert(name).inserted else {
                throw .damaged(file: path, reason: "its member '\(name)' comes twice")
            }
            guard stated.size <= largestMember else {
                throw .damaged(file: path, reason: "its member '\(name)' states \(stated.size) bytes")
            }
            guard stated.packed_size <= left, stated.size / UInt64(largestRatio) <= stated.packed_size else {
                throw .damaged(
                    file: path, reason: "its member '\(name)' states more bytes than the archive can hold")
            }
            left -= stated.packed_size
            if !name.hasSuffix("/") {
                members.append(Member(name: name, size: Int(stated.size), index: index))
            }
        }
        return members.sorted { $0.name < $1.name }
    }

    private static func leadsOut(_ name: String) -> Bool {
        name.hasPrefix("/") || name.split(separator: "/", omittingEmptySubsequences: false).contains("..")
    }
}
