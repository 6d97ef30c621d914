// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
public import OrderedCollections
public import Torch

/// A text that tells a network's weights from all others: the SHA-256 of the names, shapes, types and sums of its
/// tensors. It depends neither on the file they came from nor on their device.
///
/// - Parameter state: a module's ``Module/state``.
public func fingerprint(of state: OrderedDictionary<String, Tensor>) -> String {
    let lines = concurrently(state.count) { index in
        let (name, tensor) = state.elements[index]
        return "\(name) \(tensor.summary) \(tensor.sha256)\n"
    }
    return sha256(Data(lines.joined().utf8))
}
