// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

extension Tensor {
    private static let _add = Operator("aten::add.Tensor")
    private static let _addScalar = Operator("aten::add.Scalar")
    private static let _sub = Operator("aten::sub.Tensor")
    private static let _rsub = Operator("aten::rsub.Scalar")
    private static let _mul = Operator("aten::mul.Tensor")
    private static let _mulScalar = Operator("aten::mul.Scalar")
    private static let _div = Operator("aten::div.Tensor")
    private static let _reciprocal = Operator("aten::reciprocal")
    private static let _neg = Operator("aten::neg")
    private static let _addInPlace = Operator("aten::add_.Tensor")
    private static let _subInPlace = Operator("aten::sub_.Tensor")
    private static let _mulInPlace = Operator("aten::mul_.Tensor")
    private static let _mulScalarInPlace = Operator("aten::mul_.Scalar")
    private static let _fill = Operator("aten::fill_.Scalar")

    /// The sum of the elements, with broadcasting.
    public static func + (a: Tensor, b: Tensor) -> Tensor { _add(.tensor(a), .tensor(b)) }
    /// The sum of the elements, with broadcasting.
    public static func + (a: Tensor, b: Double) -> Tensor { _addScalar(.tensor(a), .double(b)) }
    /// The sum of the elements, with broadcasting.
    public static func + (a: Double, b: Tensor) -> Tensor { b + a }
    /// The difference of the elements, with broadcasting.
    public static func - (a: Tensor, b: Tensor) -> Tensor { _sub(.tensor(a), .tensor(b)) }
    /// The difference of the elements, with broadcasting.
    public static func - (a: Tensor, b: Double) -> Tensor { _addScalar(.tensor(a), .double(-b)) }
    /// The difference of the elements, with broadcasting.
    public static func - (a: Double, b: Tensor) -> Tensor { _rsub(.tensor(b), .double(a)) }
    /// The product of the elements, with broadcasting.
    public static func * (a: Tensor, b: Tensor) -> Tensor { _mul(.tensor(a), .tensor(b)) }
    /// The product of the elements, with broadcasting.
    public static func * (a: Tensor, b: Double) -> Tensor { _mulScalar(.tensor(a), .double(b)) }
    /// The product of the elements, with broadcasting.
    public static func * (a: Double, b: Tensor) -> Tensor { b * a }
    /// The quotient of the elements, with broadcasting.
    public static func / (a: Tensor, b: Tensor) -> Tensor { _div(.tensor(a), .tensor(b)) }
    /// The quotient of the elements, with broadcasting.
    public static func / (a: Tensor, b: Double) -> Tensor { _mulScalar(.tensor(a), .double(1 / b)) }
    /// The quotient of the elements, with broadcasting.
    public static func / (a: Double, b: Tensor) -> Tensor { _reciprocal(.tensor(b)) * a }
    /// The elements with the opposite sign.
    public static prefix func - (a: Tensor) -> Tensor { _neg(.tensor(a)) }

    /// Changes the elements of `a`, for every holder of it.
    public static func += (a: inout Tensor, b: Tensor) { _ = _addInPlace(.tensor(a), .tensor(b)) }

    /// Changes the elements of `a`, for every holder of it.
    public static func -= (a: inout Tensor, b: Tensor) { _ = _subInPlace(.tensor(a), .tensor(b)) }

    /// Changes the elements of `a`, for every holder of it.
    public static func *= (a: inout Tensor, b: Tensor) { _ = _mulInPlace(.tensor(a), .tensor(b)) }

    /// Changes the elements of `a`, for every holder of it.
    public static func *= (a: inout Tensor, b: Double) { _ = _mulScalarInPlace(.tensor(a), .double(b)) }

    /// Sets every element.
    public func fill(_ value: Double) { _ = Self._fill(.tensor(self), .double(value)) }

    // MARK: Comparison, 1 where it holds and 0 elsewhere

    private static let _less = Operator("aten::lt.Tensor")
    private static let _lessScalar = Operator("aten::lt.Scalar")
    private static let _equal = Operator("aten::eq.Tensor")
    private static let _where = Operator("aten::where.self")

    /// Elementwise `<`, as booleans.
    public static func .< (a: Tensor, b: Tensor) -> Tensor { _less(.tensor(a), .tensor(b)) }

    /// Elementwise `<`, as booleans.
    public static func .< (a: Tensor, b: Double) -> Tensor { _lessScalar(.tensor(a), .double(b)) }

    /// Elementwise `==`, as booleans.
    public static func .== (a: Tensor, b: Tensor) -> Tensor { _equal(.tensor(a), .tensor(b)) }

    /// Elements of `a` where `self` is true, of `b` elsewhere.
    public func selecting(_ a: Tensor, else b: Tensor) -> Tensor {
        Self._where(.tensor(self), .tensor(a), .tensor(b))
    }
}
