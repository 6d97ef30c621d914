// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CImages
import Foundation
import Synchronization

/// The files in a zip archive, stored or deflated.
final class ZipArchive: Sendable {
    struct Member: Sendable {
        let name: String
        /// Bytes once inflated, as the archive states.
        let size: Int
        fileprivate let index: Int64
    }

    /// The largest member that is read, in bytes: no encoded image or list of labels comes near.
    private static let largestMember = 1 << 28

    /// All members but folders, in the order of their names.
    let members: [Member]
    private let path: String
    private let handle: Mutex<OpaquePointer>

    /// Opens an archive and checks the name and size of every member.
    ///
    /// A name that leads out of the folder it would be unpacked in marks an archive made to harm, and is
    /// refused even though nothing is unpacked here.
    init(at url: URL) throws {
        path = url.path
        var opened: OpaquePointer?
        let failure = reason { error in
            opened = cimages_zip_open(url.path, error)
            return opened != nil
        }
        guard let archive = opened else {
            throw ImageError.damaged(file: url.path, reason: failure ?? "it cannot be opened")
        }
        do {
            members = try Self.members(of: archive, path: url.path)
        } catch {
            cimages_zip_close(archive)
            throw error
        }
        handle = Mutex(archive)
    }

    deinit {
        handle.withLock { cimages_zip_close($0) }
    }

    /// The name by which errors call a member.
    func title(of member: Member) -> String { "\(path): \(member.name)" }

    /// Reads a member whole and checks its check sum.
    func contents(of member: Member) throws -> Data {
        var data = Data(count: member.size)
        let failure = handle.withLock { archive in
            data.withUnsafeMutableBytes { bytes in
                let buffer = bytes.assumingMemoryBound(to: UInt8.self)
                return reason {
                    cimages_zip_read(archive, member.index, buffer.baseAddress, UInt64(buffer.count), $0)
                }
            }
        }
        if let failure { throw ImageError.damaged(file: title(of: member), reason: failure) }
        return data
    }

    private static func members(of archive: OpaquePointer, path: String) throws -> [Member] {
        try (0..<cimages_zip_count(archive)).compactMap { index -> Member? in
            var text: UnsafePointer<CChar>?
            var size: UInt64 = 0
            let failure = reason { cimages_zip_member(archive, index, &text, &size, $0) }
            guard failure == nil, let text else {
                throw ImageError.damaged(file: path, reason: failure ?? "a member has no name")
            }
            let name = String(cString: text)
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            if name.contains("\\") || name.hasPrefix("/") || parts.contains("..") {
                throw ImageError.damaged(file: path, reason: "its member '\(name)' leads out of the archive")
            }
            if size > largestMember {
                throw ImageError.damaged(file: path, reason: "its member '\(name)' states \(size) bytes")
            }
            return name.hasSuffix("/") ? nil : Member(name: name, size: Int(size), index: index)
        }.sorted { $0.name < $1.name }
    }
}
