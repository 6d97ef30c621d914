// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch

extension Tensor {
    /// Whether operations on this tensor are recorded for gradients.
    public var requiresGrad: Bool { ct_requires_grad(raw) }

    /// Starts or stops recording; only for tensors that are not themselves results of recorded operations.
    public func setRequiresGrad(_ requiresGrad: Bool) {
        check(ct_set_requires_grad(raw, requiresGrad), "requires_grad of \(summary)")
    }

    /// What `backward` has accumulated here.
    public var gradient: Tensor? {
        var result = ct_tensor(impl: nil)
        check(ct_gradient(&result, raw), "the gradient of \(summary)")
        return result.impl == nil ? nil : Tensor(owning: result)
    }

    /// Replaces or removes the accumulated gradient.
    public func setGradient(_ gradient: Tensor?) {
        check(ct_set_gradient(raw, gradient?.raw ?? ct_tensor(impl: nil)), "the gradient of \(summary)")
    }

    /// Adds the gradient of this scalar to that of every leaf it depends on, and frees the graph.
    public func backward() { check(ct_backward(raw), "backward of \(summary)") }

    /// Adds the gradient of this scalar to that of those of `leaves` that it depends on, and frees the graph.
    func backward(into leaves: [Tensor]) {
        let status = withExtendedLifetime(leaves) {
            ct_backward_into(raw, leaves.map(\.raw), Int64(leaves.count))
        }
        check(status, "backward of \(summary)")
    }
}

/// The gradients of the scalar `loss` with respect to each of `inputs`; zeros where it does not depend on one.
///
/// - Parameters:
///   - loss: one number, `[]`.
///   - inputs: what it is differentiated by.
///   - differentiable: whether the gradients carry a graph of their own, which keeps that of `loss`.
/// - Returns: one gradient for each input, of its shape.
public func gradients(of loss: Tensor, with inputs: [Tensor], differentiable: Bool = false) -> [Tensor] {
    zip(gradientsIfAny(of: loss, with: inputs, differentiable: differentiable), inputs).map {
        $0 ?? .zerosLike($1)
    }
}

/// As ``gradients(of:with:differentiable:)``; nil where the loss does not depend on an input.
func gradientsIfAny(of loss: Tensor, with inputs: [Tensor], differentiable: Bool = false) -> [Tensor?] {
    var results = [ct_tensor](repeating: ct_tensor(impl: nil), count: inputs.count)
    let status = withExtendedLifetime(inputs) {
        ct_gradients(&results, loss.raw, inputs.map(\.raw), Int64(inputs.count), differentiable)
    }
    check(status, "gradients of \(loss.summary)")
    return results.map { $0.impl == nil ? nil : Tensor(owning: $0) }
}

/// Runs `body` without recording operations for gradients.
public func withoutGradients<R>(_ body: () throws -> R) rethrows -> R {
    let before = ct_grad_enabled()
    ct_set_grad_enabled(false)
    defer { ct_set_grad_enabled(before) }
    return try body()
}
