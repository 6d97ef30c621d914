// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

private let norm = Operator("aten::_foreach_norm.Scalar")
private let scale = Operator("aten::_foreach_mul_.Tensor")

/// Shortens the gradients of `parameters`, taken together as one vector g, to a Euclidean norm of at most
/// `maxNorm`.
/// ```
/// g = g * min(1, maxNorm / (|g| + 1e-6))
/// ```
/// This is PyTorch's arithmetic. The device is not waited for. A norm that is not finite makes every gradient
/// NaN or 0, so look at the result before a step that must not fail.
///
/// - Parameters:
///   - parameters: tensors on one device; those without a gradient count for nothing.
///   - maxNorm: the longest norm left alone, above 0; infinity only measures.
/// - Returns: the norm before, without dimensions.
@discardableResult
public func clipGradientNorm(_ parameters: some Sequence<Tensor>, to maxNorm: Double) -> Tensor {
    let gradients = parameters.compactMap(\.gradient)
    guard !gradients.isEmpty else { return Tensor(0) }
    return withoutGradients { clip(gradients, of: .stacked(norms(of: gradients)), to: maxNorm) }
}

extension Communicator {
    /// The same where each process has the whole gradients only of the parameters that it keeps, and shortens those.
    ///
    /// - Parameters:
    ///   - gradients: those of all parameters, in the same order in all processes.
    ///   - shards: who keeps which.
    ///   - maxNorm: the longest norm left alone, above 0.
    /// - Returns: the norm of all of them before, to the same bits as ``Torch/clipGradientNorm(_:to:)`` has it.
    @discardableResult
    public func clipGradientNorm(_ gradients: [Tensor], in shards: Shards, to maxNorm: Double) throws
        -> Tensor
    {
        guard let first = gradients.first else { return Tensor(0) }
        return try withoutGradients {
            let own = shards.tensors(of: rank)
            let kept = own.map { gradients[$0] }
            var each = [Tensor](
                repeating: .zeros([], dtype: first.dtype, device: first.device), count: gradients.count)
            for (index, norm) in zip(own, norms(of: kept)) { each[index] = norm }
            let all = try gathered(.stacked([.stacked(each)])).sum(dims: [0])
            return clip(kept, of: all, to: maxNorm)
        }
    }
}

/// The norm of each tensor, without dimensions.
private func norms(of gradients: [Tensor]) -> [Tensor] {
    gradients.isEmpty ? [] : norm.many(.tensors(gradients), 2, atMost: gradients.count)
}

/// Shortens gradients by the norms of all, `[N]`, and gives the norm that these make together.
private func clip(_ gradients: [Tensor], of norms: Tensor, to maxNorm: Double) -> Tensor {
    precondition(maxNorm > 0, "gradients cannot be clipped to a norm of \(maxNorm)")
    let total = norms.norm()
    if maxNorm.isFinite, !gradients.isEmpty {
        _ = scale.many(.tensors(gradients), .tensor((maxNorm / (total + 1e-6)).clamped(min: 0, max: 1)))
    }
    return total
}
