// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// The largest difference between two tensors of equal shape, relative to the largest element of `expected`;
/// infinite if the shapes differ or anything is not finite.
public func relativeDifference(_ found: Tensor, _ expected: Tensor) -> Double {
    guard found.shape == expected.shape else { return .infinity }
    let found = found.array(as: Double.self)
    let expected = expected.array(as: Double.self)
    guard (found + expected).allSatisfy(\.isFinite) else { return .infinity }
    let scale = expected.reduce(1e-300) { max($0, abs($1)) }
    return zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) } / scale
}

/// How tensors differ from those that they should be, one text a name: names that only one side has, and tensors that
/// are `tolerance` or more apart, see ``relativeDifference(_:_:)``. To expect nothing is a difference too.
public func differences(
    _ found: [String: Tensor], from expected: [String: Tensor], tolerance: Double
) -> [String] {
    guard !expected.isEmpty else { return ["nothing is expected"] }
    return Set(found.keys).union(expected.keys).sorted().compactMap { name in
        guard let tensor = found[name] else { return "\(name) is missing" }
        guard let other = expected[name] else { return "\(name) is unexpected" }
        let difference = relativeDifference(tensor, other)
        return difference < tolerance ? nil : "\(name) differs by \(difference)"
    }
}

/// The gradient of the scalar function `f` at the float64 tensor `x` by central differences.
public func finiteDifferences(at x: Tensor, step: Double = 1e-5, _ f: (Tensor) -> Tensor) -> Tensor {
    let values = x.array(as: Double.self)
    let slopes = values.indices.map { index in
        func value(_ offset: Double) -> Double {
            var moved = values
            moved[index] += offset
            return withoutGradients { f(Tensor(moved, shape: x.shape)).item() }
        }
        return (value(step) - value(-step)) / (2 * step)
    }
    return Tensor(slopes, shape: x.shape)
}
