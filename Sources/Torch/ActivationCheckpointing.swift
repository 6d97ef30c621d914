// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch
import OrderedCollections

/// Evaluates `body` and forgets what it made on the way; the backward pass makes it again. The graph then holds the
/// inputs alone, for the time of a second evaluation: gradient checkpointing, Chen et al. 2016 (arXiv 1604.06174).
///
/// On the CPU the gradients have the same bits whether results are recomputed or not. They cannot be differentiated
/// further where they are.
///
/// - Parameters:
///   - inputs: what the body works on; gradient flows through them.
///   - parameters: all other tensors that the body uses and that may need a gradient.
///   - recomputing: whether to forget; if not, the body is evaluated as it stands.
///   - body: makes one tensor of the inputs; called on any thread, twice, with the same result.
public func checkpointed(
    _ inputs: [Tensor], parameters: @autoclosure () -> some Sequence<Tensor>, recomputing: Bool,
    _ body: @escaping @Sendable ([Tensor]) -> Tensor
) -> Tensor {
    guard ct_grad_enabled() else { return body(inputs) }
    // A graph within the graph adds up what flows into an input before the outer graph adds what comes from elsewhere,
    // and so does an alias: sums of rounded numbers depend on their order.
    guard recomputing else { return body(inputs.map { alias(.tensor($0)) }) }
    let parameters = Array(parameters())
    let function = ct_function(
        context: Unmanaged.passRetained(Body(function: body, inputCount: inputs.count)).toOpaque(),
        call: { context, result, inputs in
            guard let context, let result, let inputs else { return }
            let body = Unmanaged<Body>.fromOpaque(context).takeUnretainedValue()
            let tensors = (0..<body.inputCount).map { Tensor(owning: inputs[$0]) }
            let output = body.function(tensors)
            result.pointee = withExtendedLifetime(output) { ct_tensor_retain(output.raw) }
        },
        release: { context in
            if let context { Unmanaged<Body>.fromOpaque(context).release() }
        })
    var result = ct_tensor(impl: nil)
    let status = withExtendedLifetime((inputs, parameters)) {
        ct_recomputed(
            &result, function, inputs.map(\.raw), Int64(inputs.count), parameters.map(\.raw),
            Int64(parameters.count))
    }
    check(status, "a checkpointed function of \(inputs.map(\.summary).joined(separator: ", "))")
    return Tensor(owning: result)
}

private let alias = Operator("aten::alias")

private final class Body: Sendable {
    let function: @Sendable ([Tensor]) -> Tensor
    let inputCount: Int

    init(function: @escaping @Sendable ([Tensor]) -> Tensor, inputCount: Int) {
        self.function = function
        self.inputCount = inputCount
    }
}

/// A part of a network that can make its inner results again for the backward pass rather than keep them.
///
/// A part conforms by making its result in ``checkpointed(_:_:)``. It must hold no other part that conforms.
public protocol ActivationCheckpointing: Module {
    /// Whether it does.
    var recomputes: Setting<Bool> { get }
}

extension ActivationCheckpointing {
    /// Evaluates `body`, which uses no parameters but those of this part, and keeps what it makes on the way or not, as
    /// ``recomputes`` says; see ``checkpointed(_:parameters:recomputing:_:)``.
    public func checkpointed(_ inputs: [Tensor], _ body: @escaping @Sendable ([Tensor]) -> Tensor) -> Tensor {
        Torch.checkpointed(inputs, parameters: parameters.values, recomputing: recomputes.value, body)
    }
}

extension Module {
    /// Makes every part that can, recompute its inner results or keep them.
    ///
    /// - Returns: whether there is such a part.
    @discardableResult
    public func setActivationCheckpointing(_ recomputes: Bool) -> Bool {
        let parts = modules.compactMap { $0 as? any ActivationCheckpointing }
        for part in parts { part.recomputes.value = recomputes }
        return !parts.isEmpty
    }
}
