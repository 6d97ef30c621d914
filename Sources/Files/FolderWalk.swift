// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

package import Foundation

/// The files in a folder and all folders within, by their paths from there, in order. Links are followed.
///
/// - Parameter isPassedOver: whether to leave out a file, or a folder with all in it, by its name.
/// - Throws: ``FileError`` for what can be neither read nor entered: a link to nothing, a link to a folder that the link lies
///   in, a socket or a device.
package func files(
    below folder: URL, except isPassedOver: @escaping (String) -> Bool
) throws(FileError) -> [String] {
    var walk = FolderWalk(isPassedOver: isPassedOver)
    try walk.enter(folder, path: "")
    return walk.files.sorted()
}

/// Whether there is a folder rather than a file, links followed.
///
/// - Throws: ``FileError`` if there is neither.
package func isExistingFolder(_ url: URL) throws(FileError) -> Bool {
    try Standing(at: url).isFolder
}

private struct FolderWalk {
    let isPassedOver: (String) -> Bool
    var files: [String] = []
    /// The folders that are open, from the first to that within all others.
    private var open: [Standing] = []

    init(isPassedOver: @escaping (String) -> Bool) { self.isPassedOver = isPassedOver }

    mutating func enter(_ folder: URL, path: String) throws(FileError) {
        let standing = try Standing(at: folder)
        guard !open.contains(standing) else {
            throw FileError(
                problem: .other("it is a link to a folder that it lies in, so that it has no end"),
                path: folder.path)
        }
        open.append(standing)
        for name in try names(in: folder) where !isPassedOver(name) {
            let url = folder.appendingPathComponent(name)
            let inner = path.isEmpty ? name : "\(path)/\(name)"
            if try Standing(at: url).isFolder { try enter(url, path: inner) } else { files.append(inner) }
        }
        open.removeLast()
    }
}

/// What stands at a path, once links are followed: a file or a folder, and which.
private struct Standing: Equatable {
    let isFolder: Bool
    private let device: UInt64
    private let number: UInt64

    init(at url: URL) throws(FileError) {
        var status = stat()
        guard stat(url.path, &status) == 0 else {
            let code = errno
            let error = FileError(errno: code, at: url)
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: url.path) else {
                throw error
            }
            let fate = code == ELOOP ? "leads back to itself" : "cannot be reached"
            let reason = error.problem == .missing ? "does not exist" : fate
            throw FileError(problem: .other("it is a link to \(target), which \(reason)"), path: url.path)
        }
        isFolder = status.st_mode & S_IFMT == S_IFDIR
        guard isFolder || status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(problem: .other("it is neither a file nor a folder"), path: url.path)
        }
        (device, number) = (UInt64(status.st_dev), UInt64(status.st_ino))
    }
}
