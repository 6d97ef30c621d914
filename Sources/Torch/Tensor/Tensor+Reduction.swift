// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

extension Tensor {
    private static let _sum = Operator("aten::sum")
    private static let _sumDims = Operator("aten::sum.dim_IntList")
    private static let _mean = Operator("aten::mean")
    private static let _amax = Operator("aten::amax")
    private static let _meanDims = Operator("aten::mean.dim")
    private static let _max = Operator("aten::max")
    private static let _min = Operator("aten::min")
    private static let _std = Operator("aten::std.correction")
    private static let _norm = Operator("aten::linalg_vector_norm")
    private static let _argmax = Operator("aten::argmax")
    private static let _matmul = Operator("aten::matmul")
    private static let _eigvalsh = Operator("aten::linalg_eigvalsh")
    private static let _eigh = Operator("aten::linalg_eigh")

    /// The sum of all elements.
    public func sum() -> Tensor { Self._sum(.tensor(self)) }
    /// The sums over some dimensions.
    public func sum(dims: [Int], keepDims: Bool = false) -> Tensor {
        Self._sumDims(.tensor(self), .ints(dims), .bool(keepDims))
    }
    /// The mean of all elements.
    public func mean() -> Tensor { Self._mean(.tensor(self)) }
    /// The means over some dimensions.
    public func mean(dims: [Int], keepDims: Bool = false) -> Tensor {
        Self._meanDims(.tensor(self), .ints(dims), .bool(keepDims))
    }
    /// The largest element.
    public func max() -> Tensor { Self._max(.tensor(self)) }
    /// The smallest element.
    public func min() -> Tensor { Self._min(.tensor(self)) }
    /// The standard deviation over all elements, with `count - correction` as divisor.
    public func standardDeviation(correction: Int = 1) -> Tensor {
        Self._std(.tensor(self), .none, .int(correction))
    }
    /// The Euclidean norm of all elements.
    public func norm() -> Tensor { Self._norm(.tensor(self)) }
    /// The largest entries over some dimensions.
    public func max(dims: [Int]) -> Tensor { Self._amax(.tensor(self), .ints(dims), false) }
    /// The number of the largest entry along a dimension, int64.
    public func argmax(dim: Int) -> Tensor { Self._argmax(.tensor(self), .int(dim)) }

    // MARK: Linear algebra

    /// The matrix product, over leading batch dimensions where there are any.
    public func matmul(_ other: Tensor) -> Tensor { Self._matmul(.tensor(self), .tensor(other)) }
    /// The eigenvalues of a symmetric matrix in ascending order.
    public func eigenvaluesSymmetric() -> Tensor { Self._eigvalsh(.tensor(self)) }
    /// Eigenvalues in ascending order and eigenvectors, in columns, of a symmetric matrix.
    public func eigenSymmetric() -> (values: Tensor, vectors: Tensor) {
        let pair = Self._eigh.many(.tensor(self))
        return (pair[0], pair[1])
    }
}
