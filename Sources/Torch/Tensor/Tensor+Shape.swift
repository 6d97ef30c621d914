// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// New shapes; where they can, results share the elements of the original.
extension Tensor {
    private static let _reshape = Operator("aten::reshape")
    private static let _permute = Operator("aten::permute")
    private static let _transpose = Operator("aten::transpose.int")
    private static let _expand = Operator("aten::expand")
    private static let _squeeze = Operator("aten::squeeze.dim")
    private static let _unsqueeze = Operator("aten::unsqueeze")
    private static let _flatten = Operator("aten::flatten.using_ints")
    private static let _narrow = Operator("aten::narrow")
    private static let _select = Operator("aten::select.int")
    private static let _indexSelect = Operator("aten::index_select")
    private static let _repeat = Operator("aten::repeat")
    private static let _cat = Operator("aten::cat")
    private static let _stack = Operator("aten::stack")
    private static let _tensorSplit = Operator("aten::tensor_split.sections")
    private static let _split = Operator("aten::split_with_sizes")
    private static let _flip = Operator("aten::flip")
    private static let _oneHot = Operator("aten::one_hot")

    /// The same elements in another shape; one size may be -1 and follows from the others.
    public func reshaped(_ shape: [Int]) -> Tensor { Self._reshape(.tensor(self), .ints(shape)) }
    /// The dimensions in another order.
    public func permuted(_ dims: [Int]) -> Tensor { Self._permute(.tensor(self), .ints(dims)) }
    /// Two dimensions exchanged.
    public func transposed(_ a: Int, _ b: Int) -> Tensor { Self._transpose(.tensor(self), .int(a), .int(b)) }
    /// Dimensions of size 1 repeated without copying, to `shape`.
    public func expanded(to shape: [Int]) -> Tensor { Self._expand(.tensor(self), .ints(shape)) }
    /// Without a dimension of size 1.
    public func squeezed(_ dim: Int) -> Tensor { Self._squeeze(.tensor(self), .int(dim)) }
    /// With a new dimension of size 1 before `dim`.
    public func unsqueezed(_ dim: Int) -> Tensor { Self._unsqueeze(.tensor(self), .int(dim)) }
    /// All dimensions from `dim` on as one.
    public func flattened(from dim: Int = 0) -> Tensor { Self._flatten(.tensor(self), .int(dim)) }
    /// `count` entries of `dim` from `start` on.
    public func narrowed(dim: Int, start: Int, count: Int) -> Tensor {
        Self._narrow(.tensor(self), .int(dim), .int(start), .int(count))
    }
    /// Entry `index` of `dim`, without that dimension.
    public func selected(dim: Int, index: Int) -> Tensor {
        Self._select(.tensor(self), .int(dim), .int(index))
    }
    /// The entries of `dim` whose numbers are in the int64 vector `indices`, copied.
    public func indexed(by indices: Tensor, dim: Int = 0) -> Tensor {
        Self._indexSelect(.tensor(self), .int(dim), .tensor(indices))
    }
    /// Copies along each dimension, `counts` times.
    public func repeated(_ counts: [Int]) -> Tensor { Self._repeat(.tensor(self), .ints(counts)) }
    /// Tensors one after another along an existing dimension.
    public static func concatenated(_ tensors: [Tensor], dim: Int = 0) -> Tensor {
        _cat(.tensors(tensors), .int(dim))
    }
    /// Tensors of one shape along a new dimension.
    public static func stacked(_ tensors: [Tensor], dim: Int = 0) -> Tensor {
        _stack(.tensors(tensors), .int(dim))
    }
    /// `count` parts along `dim`, whose sizes differ by one at most.
    public func chunked(_ count: Int, dim: Int = 0) -> [Tensor] {
        Self._tensorSplit.many(.tensor(self), .int(count), .int(dim), atMost: count)
    }
    /// Parts of the given sizes along `dim`.
    public func split(sizes: [Int], dim: Int = 0) -> [Tensor] {
        Self._split.many(.tensor(self), .ints(sizes), .int(dim), atMost: sizes.count)
    }
    /// The entries of some dimensions in reverse order.
    public func flipped(dims: [Int]) -> Tensor { Self._flip(.tensor(self), .ints(dims)) }
    /// An int64 vector of class numbers as rows of zeros with a one, `[N, classCount]`, int64.
    public func oneHot(classCount: Int) -> Tensor { Self._oneHot(.tensor(self), .int(classCount)) }
}
