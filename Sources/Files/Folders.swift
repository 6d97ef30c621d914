// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

package import Foundation

/// Makes a folder and those above it, unless they exist.
package func makeFolder(_ url: URL) throws(FileError) {
    if mkdir(url.path, 0o777) == 0 { return }
    switch errno {
    case EEXIST:
        guard isFolder(url) else { throw FileError(errno: ENOTDIR, at: url) }
    case ENOENT:
        try makeFolder(url.deletingLastPathComponent())
        if mkdir(url.path, 0o777) != 0 && errno != EEXIST {
            throw FileError(errno: errno, at: url)
        }
    case let code:
        throw FileError(errno: code, at: url)
    }
}

/// Whether there is a folder, links followed.
package func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
}

/// Makes sure, before the work, that a file can be written, in a folder that is there or can be made. Makes none.
package func requireWritable(file url: URL) throws(FileError) {
    guard !isFolder(url) else { throw FileError(problem: .isAFolder, path: url.relativePath) }
    try requireWritable(folder: url.deletingLastPathComponent())
}

/// Makes sure, before the work, that a folder is there or can be made, and that files can be written in it. Makes none.
package func requireWritable(folder url: URL) throws(FileError) {
    var place = url.standardizedFileURL
    while !FileManager.default.fileExists(atPath: place.path), place.path != "/" {
        place.deleteLastPathComponent()
    }
    guard isFolder(place) else { throw FileError(errno: ENOTDIR, at: url) }
    try tryWriting(in: place)
}

/// Makes a file and removes it: permissions alone do not tell, as on a disk that is full or cannot be written.
private func tryWriting(in folder: URL) throws(FileError) {
    let file = folder.appending(path: ".dmd-\(UUID().uuidString)")
    let descriptor = open(file.path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    guard descriptor >= 0 else { throw FileError(errno: errno == ENOENT ? EACCES : errno, at: folder) }
    close(descriptor)
    unlink(file.path)
}

/// The names of the files and folders in a folder, hidden ones too.
package func names(in folder: URL) throws(FileError) -> [String] {
    do {
        return try FileManager.default.contentsOfDirectory(atPath: folder.path)
    } catch {
        throw FileError(error, at: folder)
    }
}

/// Renames a file or folder in place of another, and waits until the disk knows.
package func move(_ source: URL, to target: URL) throws(FileError) {
    try rename(source, to: target)
    try synchronize(target.deletingLastPathComponent())
}

/// As ``move(_:to:)``, without waiting for the disk.
func rename(_ source: URL, to target: URL) throws(FileError) {
    guard rename(source.path, target.path) == 0 else { throw FileError(errno: errno, at: target) }
}

/// Removes a file, or a folder with all that is in it.
package func remove(_ url: URL) throws(FileError) {
    do {
        try FileManager.default.removeItem(at: url)
    } catch {
        throw FileError(error, at: url)
    }
}

/// The bytes of a file.
package func contents(of url: URL) throws(FileError) -> Data {
    do {
        return try Data(contentsOf: url)
    } catch {
        throw FileError(error, at: url)
    }
}

/// Copies a file, whole or not at all.
package func copyFile(_ source: URL, to target: URL) throws(FileError) {
    let data: Data
    do {
        data = try Data(contentsOf: source, options: .alwaysMapped)
    } catch {
        throw FileError(error, at: source)
    }
    try writeAtomically(data, to: target)
}

/// Gives a file a second name, or copies it where that cannot be, as on another disk.
package func linkFile(_ file: URL, as target: URL) throws(FileError) {
    let source = file.resolvingSymlinksInPath()
    unlink(target.path)
    guard link(source.path, target.path) != 0 else { return }
    try copyFile(source, to: target)
}
