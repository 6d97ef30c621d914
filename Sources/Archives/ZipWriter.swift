// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CArchives
import Files
public import Foundation

/// Writes a zip archive of stored members, whole or not at all: beside its place first, to the disk, then moved there.
///
/// Members are made one by one as they are written, so that memory need hold only one. Equal members make equal
/// archives: all bear the date 1980-01-01.
///
/// - Parameters:
///   - url: the file, which is replaced if it exists; its folder must exist.
///   - names: the members' paths in the archive, no two alike, in the order in which they are written.
///   - contents: makes the member of a number, from 0; it may be asked for one twice.
/// - Throws: `FileError`, and what `contents` throws; the old file is then untouched.
public func writeZip(
    to url: URL, names: [String], contents: @escaping (Int) throws -> Data
) throws {
    let members = MemberSource(contents)
    try replaceAtomically(url) { beside in
        guard let failure = write(names, of: members, to: beside) else { return }
        throw members.error ?? FileError(problem: .other(failure), path: url.relativePath)
    }
}

/// What libzip asks for the members' bytes: it keeps the last asked for, and the error if one could not be made.
private final class MemberSource {
    private let make: (Int) throws -> Data
    private(set) var error: (any Error)?
    private var bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 0)

    init(_ make: @escaping (Int) throws -> Data) { self.make = make }

    deinit { bytes.deallocate() }

    func member(_ index: Int) -> UnsafeMutableBufferPointer<UInt8>? {
        do {
            let data = try make(index)
            bytes.deallocate()
            // One byte more, since the address of no bytes would be none.
            bytes = .allocate(capacity: data.count + 1)
            return UnsafeMutableBufferPointer(rebasing: bytes[..<data.copyBytes(to: bytes)])
        } catch {
            self.error = error
            return nil
        }
    }
}

private func write(_ names: [String], of members: MemberSource, to url: URL) -> String? {
    var created: OpaquePointer?
    let context = Unmanaged.passUnretained(members).toOpaque()
    let failure = reason { error in
        created = carchives_zip_create(
            url.path,
            { context, index, bytes, count in
                guard let context,
                    let member = Unmanaged<MemberSource>.fromOpaque(context).takeUnretainedValue()
                        .member(Int(index))
                else { return false }
                bytes?.pointee = UnsafePointer(member.baseAddress)
                count?.pointee = UInt64(member.count)
                return true
            }, context, error)
        return created != nil
    }
    guard let writer = created else { return failure }
    for name in names {
        if let failure = reason({ carchives_zip_add(writer, name, $0) }) {
            carchives_zip_abandon(writer)
            return failure
        }
    }
    return withExtendedLifetime(members) { reason { carchives_zip_write(writer, $0) } }
}
