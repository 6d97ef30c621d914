// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

private let withoutNaN = Operator("aten::nan_to_num")

/// The levels of images, as a picture's file holds them.
///
///     level = (x + 1) * 127.5, rounded to the nearest whole number, halves to even
///
/// What lies outside [-1, 1] becomes black or white. NaN becomes black, so that a diverged sample can be looked at.
///
/// - Parameter images: floats in [-1, 1], of any shape.
/// - Returns: uint8, 0 for -1 to 255 for 1, of the same shape.
public func levels(of images: Tensor) -> Tensor {
    let numbers = withoutNaN(.tensor(images.detached().to(.float32)), .double(-1))
    return ((numbers.clamped(min: -1, max: 1) + 1) * 127.5).rounded().to(.uint8)
}
