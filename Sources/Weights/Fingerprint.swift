// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Crypto
import Files
import Foundation
public import OrderedCollections
public import Torch

/// A text that tells a network's weights from all others: the SHA-256 of the names, shapes, types and sums of its
/// tensors. It depends neither on the file they came from nor on their device.
///
/// - Parameter state: a module's `Module.state`.
public func fingerprint(of state: OrderedDictionary<String, Tensor>) -> String {
    let lines = concurrently(state.count) { index in
        let (name, tensor) = state.elements[index]
        return "\(name) \(tensor.summary) \(sum(of: tensor))\n"
    }
    return sha256(Data(lines.joined().utf8))
}

/// The SHA-256 sum of the elements' bytes in row-major order.
private func sum(of tensor: Tensor) -> String {
    // One part at a time, since what lies elsewhere or in another order is copied.
    let count = min(tensor.shape.first ?? 1, tensor.count * tensor.dtype.size / 16_777_216)
    var hash = SHA256()
    for part in count > 1 ? tensor.detached().chunked(count) : [tensor] {
        part.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }
    return hash.finalize().hexadecimal
}
