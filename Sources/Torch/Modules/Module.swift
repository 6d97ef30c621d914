// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import OrderedCollections

/// A network or a part of one: a tree whose leaves are tensors named as in its checkpoint.
///
/// A module lists its children under the names a checkpoint gives them; nothing is found by reflection:
///
/// ```swift
/// final class Linear: Module {
///     let weight: Tensor
///     let bias: Tensor?
///     var children: [Child] { [.parameter("weight", weight), .parameter("bias", bias)] }
/// }
/// ```
///
/// Tensors are references, so children stay the same objects for the module's life: loading, moving and training
/// change what is in them.
///
/// A module may be evaluated on several threads at once, so that it is `Sendable`: what changes in it but the elements of
/// its tensors lies in a ``Setting``.
public protocol Module: AnyObject, Sendable {
    /// The module's own tensors and parts, in the order of its checkpoint.
    var children: [Child] { get }
}

/// A named child of a ``Module``; one that is `nil` is left out of the tree.
public enum Child: Sendable {
    /// A tensor that training changes.
    case parameter(String, Tensor?)
    /// A tensor that belongs to the checkpoint but is not trained.
    case buffer(String, Tensor?)
    /// A part with children of its own, their names prefixed with this one and a dot; as they are if this one is empty.
    case module(String, (any Module)?)
}

extension Module {
    /// The trained tensors of the tree by path, such as `model.enc.28x28_conv.weight`.
    public var parameters: OrderedDictionary<String, Tensor> { tensors(buffers: false) }

    /// All tensors of the tree by path: what a checkpoint holds.
    public var state: OrderedDictionary<String, Tensor> { tensors(buffers: true) }

    /// This module and all its parts, each before its own parts.
    public var modules: [any Module] {
        [self]
            + children.flatMap { child in
                guard case .module(_, let part?) = child else { return [any Module]() }
                return part.modules
            }
    }

    /// The number of trained values.
    public var parameterCount: Int { parameters.values.reduce(0) { $0 + $1.count } }

    /// Starts or stops gradients for every parameter.
    public func setRequiresGrad(_ requiresGrad: Bool) {
        for tensor in parameters.values { tensor.setRequiresGrad(requiresGrad) }
    }

    /// Removes the accumulated gradient of every parameter.
    public func zeroGradients() {
        for tensor in parameters.values { tensor.setGradient(nil) }
    }

    /// Moves every tensor of the tree to a device.
    public func move(to device: Device) {
        for tensor in state.values { tensor.replaceData(with: tensor.detached().to(device)) }
    }

    /// Converts every floating-point tensor of the tree.
    public func convert(to dtype: DType) {
        for tensor in state.values where tensor.dtype.isFloatingPoint {
            tensor.replaceData(with: tensor.detached().to(dtype))
        }
    }

    /// Copies a checkpoint into the tree, all of it or, when it throws, nothing. Types and devices are converted.
    ///
    /// - Throws: ``StateMismatch`` if names or shapes differ from the tree's.
    public func load(_ checkpoint: OrderedDictionary<String, Tensor>) throws {
        try StateMismatch.copy(checkpoint, into: state, of: String(describing: type(of: self)))
    }

    private func tensors(buffers: Bool) -> OrderedDictionary<String, Tensor> {
        var found: OrderedDictionary<String, Tensor> = [:]
        collect(into: &found, prefix: "", buffers: buffers)
        return found
    }

    fileprivate func collect(
        into found: inout OrderedDictionary<String, Tensor>, prefix: String, buffers: Bool
    ) {
        for child in children {
            switch child {
            case .parameter(let name, let tensor): found[prefix + name] = tensor
            case .buffer(let name, let tensor): if buffers { found[prefix + name] = tensor }
            case .module(let name, let module):
                module?.collect(into: &found, prefix: path(name, in: prefix), buffers: buffers)
            }
        }
    }

    /// Those of this module and its parts that `pick` makes something of, by path.
    func parts<Part>(
        in prefix: String = "", _ pick: (any Module) -> Part?
    ) -> OrderedDictionary<String, Part> {
        var found: OrderedDictionary<String, Part> = [:]
        if let part = pick(self) { found[String(prefix.dropLast())] = part }
        for case .module(let name, let module?) in children {
            found.merge(module.parts(in: path(name, in: prefix), pick)) { $1 }
        }
        return found
    }
}

/// What precedes the names of a part's children.
private func path(_ name: String, in prefix: String) -> String {
    name.isEmpty ? prefix : "\(prefix)\(name)."
}
