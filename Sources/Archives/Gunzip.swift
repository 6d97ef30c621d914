// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CArchives
public import Foundation

/// The first bytes of a gzip file.
public let gzipSignature: [UInt8] = [0x1F, 0x8B]

/// Inflates a gzip file, RFC 1952, held in memory.
///
/// The result grows with what is inflated, never with what the file claims.
///
/// - Parameters:
///   - file: the file's bytes, of which the first member is read.
///   - limit: the most bytes to inflate.
///   - name: what errors call the file.
/// - Returns: the first `limit` bytes at most, and whether those are all, in which case their check sum held.
/// - Throws: ``ArchiveError/damaged(file:reason:)``.
public func gunzip(
    _ file: Data, atMost limit: Int, named name: String
) throws(ArchiveError) -> (contents: Data, isWhole: Bool) {
    var contents = Data()
    var isWhole = false
    let failure = file.withUnsafeBytes { bytes in
        let input = bytes.assumingMemoryBound(to: UInt8.self)
        var opened: OpaquePointer?
        let failure = reason { error in
            opened = carchives_gzip_open(input.baseAddress, input.count, error)
            return opened != nil
        }
        guard let gzip = opened else { return failure }
        defer { carchives_gzip_close(gzip) }
        return inflate(gzip, into: &contents, limit: limit, isWhole: &isWhole)
    }
    if let failure { throw .damaged(file: name, reason: failure) }
    return (contents, isWhole)
}

private func inflate(
    _ gzip: OpaquePointer, into contents: inout Data, limit: Int, isWhole: inout Bool
) -> String? {
    let step = 1 << 18
    repeat {
        let begin = contents.count
        let room = min(step, limit - begin)
        contents.count += room
        var written = 0
        let failure = contents.withUnsafeMutableBytes { bytes in
            let start = bytes.baseAddress?.advanced(by: begin).assumingMemoryBound(to: UInt8.self)
            return reason { carchives_gzip_read(gzip, start, room, &written, &isWhole, $0) }
        }
        contents.count = begin + written
        if let failure { return failure }
    } while !isWhole && contents.count < limit
    return nil
}
