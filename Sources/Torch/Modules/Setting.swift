// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Synchronization

/// A value that may be changed while other threads read it: how a ``Module`` keeps what is not a tensor.
public final class Setting<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    /// A setting that begins with a value.
    public init(_ value: Value) { mutex = Mutex(value) }

    /// The value as of now.
    public var value: Value {
        get { mutex.withLock { $0 } }
        set { mutex.withLock { $0 = newValue } }
    }
}
