// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

package import Foundation

/// Writes a file whole or not at all: readers and crashes meet the old file or the new one, never a part.
///
/// - Parameters:
///   - url: the file, which is replaced if it exists; its folder must exist.
///   - body: hands over what is to be in it, in as many pieces as it likes.
package func writeWhole(to url: URL, _ body: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void) throws
{
    let beside = partial(url)
    let file = open(beside.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw lastError }
    do {
        do {
            defer { close(file) }
            try body { try write($0, to: file) }
            guard fsync(file) == 0 else { throw lastError }
        }
        try move(beside, to: url)
    } catch {
        unlink(beside.path)
        throw error
    }
}

private func write(_ bytes: UnsafeRawBufferPointer, to file: CInt) throws {
    var rest = bytes
    while !rest.isEmpty {
        let count = Foundation.write(file, rest.baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { throw lastError }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
    }
}

/// Makes a folder whole or not at all: beside its place first, then moved there, in the place of an older one if there is
/// one.
///
/// - Parameters:
///   - folder: the folder; those above it are made if need be.
///   - fill: makes what is to be in it, in the folder that it is given.
/// - Throws: ``ModelFolderError/unwritable(file:reason:)`` that names `folder`, and whatever else `fill` throws.
package func writeWholeFolder(_ folder: URL, _ fill: (URL) throws -> Void) throws {
    let beside = partial(folder)
    func failure(_ reason: String) -> ModelFolderError { .unwritable(file: folder.path, reason: reason) }
    do {
        do {
            try fill(ModelFolder.makeFolder(beside))
            try synchronize(folder: beside)
            try FileManager.default.fileExists(atPath: folder.path)
                ? replace(folder, with: beside) : move(beside, to: folder)
        } catch ModelFolderError.unwritable(_, let reason) {
            throw failure(reason)
        } catch SafetensorsError.unwritable(_, let reason) {
            throw failure(reason)
        } catch let error as POSIXError {
            throw failure(cause(of: error))
        }
    } catch {
        try? FileManager.default.removeItem(at: beside)
        throw error
    }
}

/// A hidden name beside `url`, for what is not yet whole or no longer needed.
private func partial(_ url: URL) -> URL {
    url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).\(UUID().uuidString).part")
}

/// Puts a folder in the place of another. A crash between the two renames leaves both, the old one under a hidden name.
private func replace(_ folder: URL, with new: URL) throws {
    let old = partial(folder)
    try move(folder, to: old)
    do {
        try move(new, to: folder)
    } catch {
        try move(old, to: folder)
        throw error
    }
    try? FileManager.default.removeItem(at: old)
}

/// Renames a file or folder, and makes the new name survive a loss of power.
private func move(_ source: URL, to target: URL) throws {
    guard rename(source.path, target.path) == 0 else { throw lastError }
    try synchronize(folder: target.deletingLastPathComponent())
}

private func synchronize(folder: URL) throws {
    let descriptor = open(folder.path, O_RDONLY)
    guard descriptor >= 0 else { throw lastError }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw lastError }
}

private var lastError: POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
