// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

package import Foundation

/// The bytes of a file, links followed: Foundation tells those of the link.
package func fileSize(of url: URL) throws(FileError) -> Int {
    var status = stat()
    guard stat(url.path, &status) == 0 else { throw FileError(errno: errno, at: url) }
    return Int(status.st_size)
}
