// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

package import Crypto
package import Foundation

/// The SHA-256 sum of some bytes in hexadecimal, as `sha256sum` prints it.
package func sha256(_ data: some DataProtocol) -> String { SHA256.hash(data: data).hexadecimal }

/// The SHA-256 sum of a file in hexadecimal.
package func sha256(ofFile url: URL) throws(FileError) -> String {
    do {
        return sha256(try Data(contentsOf: url, options: .alwaysMapped))
    } catch {
        throw FileError(error, at: url)
    }
}

extension SHA256.Digest {
    /// As `sha256sum` prints it.
    package var hexadecimal: String { map { String(format: "%02x", $0) }.joined() }
}
