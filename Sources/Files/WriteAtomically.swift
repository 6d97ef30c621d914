// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// Writes a file whole or not at all: beside its place first, to the disk, then moved there. Whoever opens the file,
/// even after a crash or a power cut, meets the old one or the new one.
///
/// - Parameters:
///   - data: what is to be in it.
///   - url: the file, which is replaced if it exists; its folder is made if need be.
/// - Throws: ``FileError``; the old file, if any, is then untouched.
public func writeAtomically(_ data: Data, to url: URL) throws(FileError) {
    do {
        try writeAtomically(to: url) { try data.withUnsafeBytes($0) }
    } catch let error as FileError {
        throw error
    } catch {
        throw FileError(error, at: url)
    }
}

/// Writes files of one folder, each whole or not at all, in a fraction of the time that one after another takes: the disk is waited for
/// once.
///
/// - Throws: ``FileError``; none of the files is then there, or all that could be renamed.
package func writeAtomically(_ files: [(data: Data, url: URL)]) throws {
    guard let folder = files.first?.url.deletingLastPathComponent() else { return }
    try makeFolder(folder)
    let places = files.map { (beside: unfinished($0.url), url: $0.url) }
    do {
        for (file, place) in zip(files, places) {
            let open = try OpenFile(place.beside, O_WRONLY | O_CREAT | O_EXCL, reportedAs: place.url)
            try file.data.withUnsafeBytes { try open.write($0) }
        }
        for place in places { try synchronize(place.beside) }
        for place in places { try rename(place.beside, to: place.url) }
        try synchronize(folder)
    } catch {
        for place in places { unlink(place.beside.path) }
        throw error
    }
}

/// As ``writeAtomically(_:to:)``, for contents that need not be in memory at once.
///
/// - Parameters:
///   - url: the file, which is replaced if it exists; its folder is made if need be.
///   - body: hands over what is to be in it, in as many pieces as it likes.
/// - Throws: ``FileError``, and what `body` throws.
package func writeAtomically(
    to url: URL, _ body: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
) throws {
    try replaceAtomically(url) { beside in
        let file = try OpenFile(beside, O_WRONLY | O_CREAT | O_EXCL, reportedAs: url)
        try body { try file.write($0) }
    }
}

/// Replaces a file by one that is first written beside it.
///
/// - Parameter write: writes the file that it is given the place of.
/// - Throws: ``FileError``, and what `write` throws; the old file is then untouched.
package func replaceAtomically(_ url: URL, _ write: (_ beside: URL) throws -> Void) throws {
    try makeFolder(url.deletingLastPathComponent())
    let beside = unfinished(url)
    do {
        try write(beside)
        try synchronize(beside)
        try move(beside, to: url)
    } catch {
        unlink(beside.path)
        throw error
    }
}

/// Makes a folder whole or not at all: beside its place first, then moved there, in the place of an older one if there is
/// one.
///
/// - Parameters:
///   - folder: the folder; those above it are made if need be.
///   - fill: makes what is to be in it, in the folder that it is given.
/// - Throws: ``FileError`` that names `folder`, and whatever else `fill` throws.
package func writeFolderAtomically(_ folder: URL, _ fill: (URL) throws -> Void) throws {
    let beside = unfinished(folder)
    do {
        try makeFolder(beside)
        try fill(beside)
        try synchronize(beside)
        try FileManager.default.fileExists(atPath: folder.path)
            ? replace(folder, with: beside) : move(beside, to: folder)
    } catch {
        try? FileManager.default.removeItem(at: beside)
        guard let error = error as? FileError, error.path.contains(beside.lastPathComponent) else {
            throw error
        }
        throw FileError(problem: error.problem, path: folder.relativePath)
    }
}

/// A hidden name beside `url`, for what is not yet whole or no longer needed.
private func unfinished(_ url: URL) -> URL {
    url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).\(UUID().uuidString).part")
}

/// Puts a folder in the place of another. A crash between the two renames leaves both, the old one under a hidden name.
private func replace(_ folder: URL, with new: URL) throws {
    let old = unfinished(folder)
    try move(folder, to: old)
    do {
        try move(new, to: folder)
    } catch {
        try move(old, to: folder)
        throw error
    }
    try? FileManager.default.removeItem(at: old)
}
