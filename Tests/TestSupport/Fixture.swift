// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
public import Torch
public import Weights

/// A file of `Tests/Fixtures`.
public func fixture(_ name: String) -> URL {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/\(name)")
        .standardizedFileURL
}

extension SafetensorsFile {
    /// The tensors whose names begin with `prefix`, without it, as `dtype`.
    public func tensors(under prefix: String, as dtype: DType) throws -> [String: Tensor] {
        var found: [String: Tensor] = [:]
        for name in names where name.hasPrefix(prefix) {
            found[String(name.dropFirst(prefix.count))] = try tensor(name).to(dtype)
        }
        return found
    }
}

/// What a fixture holds of a function: its output `y`, and as `gradient.NAME` the gradient of `sum(v y)` on each leaf.
public func outputAndGradients(
    _ y: Tensor, along v: Tensor, with leaves: [String: Tensor]
) -> [String: Tensor] {
    let leaves = Array(leaves)
    var found = ["y": y.detached()]
    for (leaf, slope) in zip(leaves, gradients(of: (v * y).sum(), with: leaves.map(\.value))) {
        found["gradient.\(leaf.key)"] = slope
    }
    return found
}

/// Whether a name of a fixture is that of a result, not of an input, see ``outputAndGradients(_:along:with:)``.
public func isOutputOrGradient(_ name: String) -> Bool { name == "y" || name.hasPrefix("gradient.") }
