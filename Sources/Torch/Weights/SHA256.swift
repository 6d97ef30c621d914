// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Crypto
package import Foundation

/// The SHA-256 sum of some bytes in hexadecimal, as `sha256sum` prints it.
package func sha256(_ data: some DataProtocol) -> String { hexadecimal(SHA256.hash(data: data)) }

extension Tensor {
    /// The SHA-256 sum of the elements' bytes in row-major order.
    package var sha256: String {
        // One part at a time, since what lies elsewhere or in another order is copied.
        let count = Swift.min(shape.first ?? 1, self.count * dtype.size / 16_777_216)
        var hash = SHA256()
        for part in count > 1 ? detached().chunked(count) : [self] {
            part.withUnsafeBytes { hash.update(bufferPointer: $0) }
        }
        return hexadecimal(hash.finalize())
    }
}

private func hexadecimal(_ digest: SHA256.Digest) -> String {
    digest.map { String(format: "%02x", $0) }.joined()
}
