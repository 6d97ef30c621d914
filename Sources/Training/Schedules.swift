// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// A linear rise from 0 to 1 over the first `length` steps or images, then 1.
public func warmUp(_ position: Int, length: Int) -> Double {
    length == 0 ? 1 : min(1, Double(position + 1) / Double(length))
}

/// 1, then a linear fall to 0 over the last `length` of `duration` steps or images.
public func coolDown(_ position: Int, length: Int, duration: Int) -> Double {
    length == 0 ? 1 : min(1, max(0, Double(duration - position) / Double(length)))
}
