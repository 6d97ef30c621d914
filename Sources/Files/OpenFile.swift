// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

package import Foundation

/// An open file or folder, closed and unlocked when it goes out of scope. Every call names the file when it fails, and what is
/// written has reached the system when the call returns: it outlives the process, and after `synchronize` a power cut.
package struct OpenFile: ~Copyable, Sendable {
    /// What errors call the file.
    package let url: URL
    package let descriptor: CInt

    /// - Parameters:
    ///   - flags: as for the system call `open`, such as `O_WRONLY | O_CREAT`.
    ///   - name: what errors call the file, if not by where it is.
    package init(_ url: URL, _ flags: CInt, reportedAs name: URL? = nil) throws(FileError) {
        descriptor = open(url.path, flags | O_CLOEXEC, 0o666)
        self.url = name ?? url
        guard descriptor >= 0 else { throw FileError(errno: errno, at: self.url) }
    }

    package func write(_ data: Data) throws(FileError) {
        do {
            try data.withUnsafeBytes { try write($0) }
        } catch {
            throw error as? FileError ?? FileError(error, at: url)
        }
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw FileError(errno: errno, at: url) }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
    }

    /// Cuts the file, and goes on writing there.
    package func truncate(to length: Int) throws(FileError) {
        guard ftruncate(descriptor, off_t(length)) == 0, lseek(descriptor, off_t(length), SEEK_SET) >= 0
        else {
            throw FileError(errno: errno, at: url)
        }
    }

    /// Waits until the disk has it all.
    package func synchronize() throws(FileError) {
        guard fsync(descriptor) == 0 else { throw FileError(errno: errno, at: url) }
    }

    deinit {
        // A child of this process that is being made has the file open for a moment, and closing alone would leave the lock to it.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}

/// Waits until the disk has a file, or the list of a folder's files.
package func synchronize(_ url: URL) throws(FileError) {
    try OpenFile(url, O_RDONLY).synchronize()
}
