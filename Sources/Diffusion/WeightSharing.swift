// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import OrderedCollections
public import Torch

/// Which weights a replica has in common with its original.
public enum WeightSharing: Sendable {
    /// None: each has its own.
    case nothing
    /// All: both are views of the same memory, so that what is trained in one changes the other.
    case everything
}

extension Module {
    /// This module with the weights of another of the same architecture, on the other's device.
    public func taking(weightsOf other: some Module, _ sharing: WeightSharing) -> Self {
        let (own, given) = (state, other.state)
        precondition(own.keys == given.keys, "\(type(of: self)) has other tensors than \(type(of: other))")
        for (tensor, source) in zip(own.values, given.values) {
            switch sharing {
            case .nothing: tensor.replaceData(with: source.detached().cloned())
            case .everything: tensor.replaceData(with: source.detached())
            }
        }
        return self
    }
}
