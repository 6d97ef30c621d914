// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

extension Tensor {
    private static let _abs = Operator("aten::abs")
    private static let _square = Operator("aten::square")
    private static let _sqrt = Operator("aten::sqrt")
    private static let _exp = Operator("aten::exp")
    private static let _log = Operator("aten::log")
    private static let _sin = Operator("aten::sin")
    private static let _cos = Operator("aten::cos")
    private static let _tanh = Operator("aten::tanh")
    private static let _sigmoid = Operator("aten::sigmoid")
    private static let _silu = Operator("aten::silu")
    private static let _softplus = Operator("aten::softplus")
    private static let _gelu = Operator("aten::gelu")
    private static let _relu = Operator("aten::relu")
    private static let _round = Operator("aten::round")
    private static let _pow = Operator("aten::pow.Tensor_Scalar")
    private static let _clamp = Operator("aten::clamp")
    private static let _isFinite = Operator("aten::isfinite")
    private static let _softmax = Operator("aten::softmax.int")

    /// The absolute values.
    public func abs() -> Tensor { Self._abs(.tensor(self)) }
    /// The squares.
    public func square() -> Tensor { Self._square(.tensor(self)) }
    /// The square roots.
    public func sqrt() -> Tensor { Self._sqrt(.tensor(self)) }
    /// e to the power of each element.
    public func exp() -> Tensor { Self._exp(.tensor(self)) }
    /// The natural logarithms.
    public func log() -> Tensor { Self._log(.tensor(self)) }
    /// The sines.
    public func sin() -> Tensor { Self._sin(.tensor(self)) }
    /// The cosines.
    public func cos() -> Tensor { Self._cos(.tensor(self)) }
    /// The hyperbolic tangents.
    public func tanh() -> Tensor { Self._tanh(.tensor(self)) }
    /// `1 / (1 + exp(-x))`.
    public func sigmoid() -> Tensor { Self._sigmoid(.tensor(self)) }
    /// `x / (1 + exp(-x))`.
    public func silu() -> Tensor { Self._silu(.tensor(self)) }
    /// `log(1 + exp(x))`, which is `-log(sigmoid(-x))`.
    public func softplus() -> Tensor { Self._softplus(.tensor(self)) }
    /// `x Phi(x)` with the normal distribution's `Phi`. Source: Hendrycks and Gimpel 2016 (arXiv 1606.08415).
    public func gelu() -> Tensor { Self._gelu(.tensor(self)) }
    /// `max(x, 0)`.
    public func relu() -> Tensor { Self._relu(.tensor(self)) }
    /// The nearest integers, halves to even.
    public func rounded() -> Tensor { Self._round(.tensor(self)) }
    /// Each element to a power.
    public func pow(_ exponent: Double) -> Tensor { Self._pow(.tensor(self), .double(exponent)) }
    /// Each element moved into `[min, max]`.
    public func clamped(min: Double, max: Double) -> Tensor {
        Self._clamp(.tensor(self), .double(min), .double(max))
    }
    /// Whether each element is neither infinite nor NaN.
    public func isFinite() -> Tensor { Self._isFinite(.tensor(self)) }
    /// `exp(x_i) / sum_j exp(x_j)` along a dimension.
    public func softmax(dim: Int) -> Tensor { Self._softmax(.tensor(self), .int(dim)) }
}
