// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

private let norms = Operator("aten::_foreach_norm.Scalar")
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
    precondition(maxNorm > 0, "gradients cannot be clipped to a norm of \(maxNorm)")
    let gradients = parameters.compactMap(\.gradient)
    guard !gradients.isEmpty else { return Tensor(0) }
    return withoutGradients {
        let each = norms.many(.tensors(gradients), 2, atMost: gradients.count)
        let total = Tensor.stacked(each).norm()
        if maxNorm.isFinite {
            _ = scale.many(.tensors(gradients), .tensor((maxNorm / (total + 1e-6)).clamped(min: 0, max: 1)))
        }
        return total
    }
}
