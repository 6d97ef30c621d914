// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
import Torch

/// Writes a file whole or not at all: beside its place first, to the disk, then moved there. Whoever opens the file,
/// even after a crash or a power cut, meets the old one or the new one.
///
/// - Throws: ``FileError``; the old file, if any, is then untouched.
public func writeWhole(_ data: Data, to url: URL) throws(FileError) {
    do {
        try writeWhole(to: url) { try data.withUnsafeBytes($0) }
    } catch let error as POSIXError {
        throw FileError(errno: error.code.rawValue, at: url)
    } catch {
        throw FileError(error, at: url)
    }
}

/// Renames a file or folder in place of another, and waits until the disk knows.
func move(_ source: URL, to target: URL) throws(FileError) {
    guard rename(source.path, target.path) == 0 else { throw FileError(errno: errno, at: target) }
    try synchronize(target.deletingLastPathComponent())
}

/// Makes a folder and those above it, unless they exist.
package func makeFolder(_ url: URL) throws(FileError) {
    if mkdir(url.path, 0o777) == 0 { return }
    switch errno {
    case EEXIST:
        var isFolder = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder else {
            throw FileError(errno: ENOTDIR, at: url)
        }
    case ENOENT:
        try makeFolder(url.deletingLastPathComponent())
        if mkdir(url.path, 0o777) != 0 && errno != EEXIST {
            throw FileError(errno: errno, at: url)
        }
    case let code:
        throw FileError(errno: code, at: url)
    }
}

/// The bytes of a file.
func contents(of url: URL) throws(FileError) -> Data {
    do {
        return try Data(contentsOf: url)
    } catch {
        throw FileError(error, at: url)
    }
}

/// Removes a file, or a folder with all that is in it.
func remove(_ url: URL) throws(FileError) {
    do {
        try FileManager.default.removeItem(at: url)
    } catch {
        throw FileError(error, at: url)
    }
}

/// The names of the files and folders in a folder, hidden ones too.
func names(in folder: URL) throws(FileError) -> [String] {
    do {
        return try FileManager.default.contentsOfDirectory(atPath: folder.path)
    } catch {
        throw FileError(error, at: folder)
    }
}
