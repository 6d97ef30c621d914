// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

package import Foundation

/// The right to make one file, held against all other claims on it, in this process and in others, also on machines
/// that share the folder.
///
/// The system holds the lock on a file beside, `NAME.lock`, and drops it with the claim or when the process ends,
/// however it ends. A claim proves nothing about the file: look whether it was made meanwhile once the claim is held.
package struct FileClaim: ~Copyable {
    private let lock: OpenFile

    /// - Returns: nil if the file is claimed already.
    package init?(on url: URL) throws(FileError) {
        let lock = try OpenFile(Self.lock(of: url), O_RDWR | O_CREAT)
        guard flock(lock.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else { throw FileError(errno: errno, at: lock.url) }
            return nil
        }
        self.lock = lock
    }

    /// Waits for the end of any other claim.
    package init(waitingFor url: URL) throws(FileError) {
        let lock = try OpenFile(Self.lock(of: url), O_RDWR | O_CREAT)
        while flock(lock.descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw FileError(errno: errno, at: lock.url) }
        }
        self.lock = lock
    }

    /// Removes the lock's file, once the claimed file is made. Whoever has opened it before may get a claim still, and
    /// finds the file made.
    package func fulfil() {
        unlink(lock.url.path)
    }

    /// Removes the lock's file that a process left which was killed once it had made the claimed file.
    package static func removeAbandoned(on url: URL) {
        guard FileManager.default.fileExists(atPath: lock(of: url).path) else { return }
        if let claim = try? FileClaim(on: url) { claim.fulfil() }
    }

    private static func lock(of url: URL) -> URL { url.appendingPathExtension("lock") }
}
