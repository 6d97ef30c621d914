// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation

/// Keeps a second process out of a run's folder.
///
/// The system holds the lock on the file `.lock` and drops it when the process ends, however it ends. The process's
/// number in the file is only for messages: one that is still there after the lock was got tells of a run that was
/// killed. The file is never removed, since somebody could hold a lock on a file that is no longer found by its name.
package struct RunLock: ~Copyable {
    private let file: OpenFile

    /// - Throws: ``RunFolderError/inUse(folder:process:)`` if another run holds the folder, `FileError`.
    init(_ folder: RunFolder, warn: (String) -> Void) throws {
        let url = folder.url.appending(path: ".lock")
        let file = try OpenFile(url, O_RDWR | O_CREAT)
        let holder = try String(decoding: contents(of: url), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw RunFolderError.inUse(folder: folder.url.relativePath, process: holder)
        }
        if !holder.isEmpty {
            warn(
                "The last run in \(folder.url.relativePath), process \(holder), was cut short.")
        }
        try file.truncate(to: 0)
        try file.write(Data("\(getpid())\n".utf8))
        self.file = file
    }

    /// Leaves word that the run ended by itself. The folder is free once the lock goes out of scope.
    func release() {
        ftruncate(file.descriptor, 0)
    }

    /// The process that left its number in a folder and has not taken it back; it may be gone.
    package static func process(in folder: RunFolder) -> Int32? {
        let text = try? String(contentsOf: folder.url.appending(path: ".lock"), encoding: .utf8)
        return text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }.flatMap {
            $0 > 0 ? $0 : nil
        }
    }

    /// Whether some process holds a folder. To be asked where a run is to be stopped, not all the time: a run that begins in the
    /// same moment would find the folder in use.
    package static func isHeld(_ folder: RunFolder) -> Bool {
        let descriptor = open(folder.url.appending(path: ".lock").path, O_RDONLY)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }
}
