// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// An open file or folder, closed when it goes out of scope. Every call names the file when it fails, and what is
/// written has reached the system when the call returns: it outlives the process, and after `synchronize` a power cut.
struct OpenFile: ~Copyable {
    let url: URL
    let descriptor: CInt

    /// - Parameter flags: as for the system call `open`, such as `O_WRONLY | O_CREAT`.
    init(_ url: URL, _ flags: CInt) throws(FileError) {
        descriptor = open(url.path, flags | O_CLOEXEC, 0o666)
        self.url = url
        guard descriptor >= 0 else { throw FileError(errno: errno, at: url) }
    }

    func write(_ data: Data) throws(FileError) {
        var rest = data[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw FileError(errno: errno, at: url) }
            rest = rest.dropFirst(count)
        }
    }

    /// Cuts the file, and goes on writing there.
    func truncate(to length: Int) throws(FileError) {
        guard ftruncate(descriptor, off_t(length)) == 0, lseek(descriptor, off_t(length), SEEK_SET) >= 0
        else {
            throw FileError(errno: errno, at: url)
        }
    }

    /// Waits until the disk has it all.
    func synchronize() throws(FileError) {
        guard fsync(descriptor) == 0 else { throw FileError(errno: errno, at: url) }
    }

    deinit {
        close(descriptor)
    }
}

/// Waits until the disk has a file, or the list of a folder's files.
func synchronize(_ url: URL) throws(FileError) {
    try OpenFile(url, O_RDONLY).synchronize()
}
