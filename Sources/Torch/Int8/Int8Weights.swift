// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch

/// The weights of a layer as whole numbers of eight bits, and how its inputs become such numbers.
///
///     y[d] = s t[d] sum((round(x / s) + z - z) w[d]) + b[d]
///
/// with `s` and `z` the scale and the zero point of the inputs, which become numbers from 0 to 255, and `t` the scales of the outputs'
/// weights `w`, numbers from -127 to 127. The sum is exact, so that it does not depend on threads or batches.
/// Source: Jacob et al. 2018, section 2 (arXiv 1712.05877).
public final class Int8Weights: Sendable {
    /// `[outputs, inputs, kernel, kernel]` or `[outputs, inputs]`, int8.
    public let weight: Tensor
    /// `t`, float32 `[outputs]`.
    public let scales: Tensor
    /// `b`, float32 `[outputs]`, or none.
    public let bias: Tensor?
    /// What the inputs are divided by.
    public let inputScale: Double
    /// The number that an input of zero becomes, from 0 to 255.
    public let inputZeroPoint: Int

    /// Numbers that were stored.
    ///
    /// - Throws: ``Int8Error`` for those that cannot be meant.
    public init(weight: Tensor, scales: Tensor, bias: Tensor?, inputScale: Double, inputZeroPoint: Int) throws
    {
        guard weight.dtype == .int8, weight.rank == 2 || weight.rank == 4 else {
            throw Int8Error(reason: "its weight is \(weight.summary), not int8 of a layer")
        }
        guard scales.shape == [weight.shape[0]], bias.map({ $0.shape == scales.shape }) ?? true else {
            throw Int8Error(reason: "its scales have shape \(scales.shape), not [\(weight.shape[0])]")
        }
        guard scales.min().item() > 0, scales.max().item().isFinite, inputScale > 0, inputScale.isFinite,
            (0...255).contains(inputZeroPoint)
        else { throw Int8Error(reason: "its scales or its zero point are out of range") }
        self.weight = weight
        self.scales = scales.to(.float32)
        self.bias = bias?.to(.float32)
        (self.inputScale, self.inputZeroPoint) = (inputScale, inputZeroPoint)
    }

    /// The nearest numbers.
    ///
    /// - Parameters:
    ///   - weight: `[outputs, inputs, kernel, kernel]` or `[outputs, inputs]`.
    ///   - bias: `[outputs]`, or none.
    ///   - range: that of the inputs; those beyond become its ends.
    init(of weight: Tensor, bias: Tensor?, inputs range: ClosedRange<Double>) {
        let outputs = weight.shape[0]
        let rows = weight.detached().to(.float32).reshaped([outputs, weight.count / outputs])
        let largest = rows.abs().max(dims: [1])
        scales = (largest + Double(Float.leastNormalMagnitude)) / 127
        self.weight = (rows / scales.unsqueezed(1)).rounded().clamped(min: -127, max: 127).to(.int8)
            .reshaped(weight.shape)
        self.bias = bias?.detached().cloned()
        let (low, high) = (min(range.lowerBound, 0), max(range.upperBound, 0))
        inputScale = max((high - low) / 255, 1e-12)
        inputZeroPoint = Int((-low / inputScale).rounded())
    }

    /// The same with something added to the bias.
    func adding(toBias change: Tensor) -> Int8Weights {
        Int8Weights(self, bias: bias.map { $0 + change })
    }

    private init(_ other: Int8Weights, bias: Tensor?) {
        (weight, scales, self.bias) = (other.weight, other.scales, bias)
        (inputScale, inputZeroPoint) = (other.inputScale, other.inputZeroPoint)
    }

    /// The weights as float32, of the layer's shape.
    public var floats: Tensor {
        weight.to(.float32) * scales.reshaped([scales.count] + Array(repeating: 1, count: weight.rank - 1))
    }
}

/// Why stored numbers of eight bits are not used.
public struct Int8Error: Error, CustomStringConvertible {
    /// What is wrong, in a clause.
    public let reason: String
    /// The ``reason``.
    public var description: String { reason }
}

/// How a layer makes its products of ``Int8Weights``.
final class Int8Product: Sendable {
    let weights: Int8Weights
    /// Nil where libtorch has no such products.
    private let packed: Tensor?
    private let stride: Int
    private let padding: Int

    /// - Parameter convolution: stride and padding, of a convolution alone.
    init(_ weights: Int8Weights, _ convolution: (stride: Int, padding: Int)?) {
        self.weights = weights
        (stride, padding) = convolution ?? (1, 0)
        guard LibTorch.hasInt8 else {
            packed = nil
            return
        }
        var result = ct_tensor(impl: nil)
        check(
            ct_int8_pack(
                &result, weights.weight.raw, weights.scales.raw, weights.inputScale,
                Int64(weights.inputZeroPoint),
                Int64(stride), Int64(padding)), "packing \(weights.weight.summary)")
        packed = Tensor(owning: result)
    }

    /// The layer's product with `x`; nil where it is to be one of floats: on other devices, with gradients, where other engines are to
    /// know of it, and where libtorch has no other.
    func callAsFunction(_ x: Tensor) -> Tensor? {
        guard let packed, x.device == .cpu, x.dtype == .float32, !x.requiresGrad, Recorder.current == nil
        else {
            return nil
        }
        var result = ct_tensor(impl: nil)
        check(
            ct_int8_product(
                &result, x.raw, packed.raw, weights.scales.raw, weights.bias?.raw ?? ct_tensor(impl: nil),
                weights.inputScale, Int64(weights.inputZeroPoint), Int64(stride), Int64(padding),
                weights.weight.rank == 4), "a product of \(x.summary) with \(weights.weight.summary)")
        return Tensor(owning: result)
    }
}
