// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import OrderedCollections

/// A network or a part of one: a tree whose leaves are tensors named as in its checkpoint.
///
/// A module lists its members under the names a checkpoint gives them; nothing is found by reflection:
///
/// ```swift
/// final class Linear: Module {
///     let weight: Tensor
///     let bias: Tensor?
///     var members: [Member] { [.parameter("weight", weight), .parameter("bias", bias)] }
/// }
/// ```
///
/// Tensors are references, so members stay the same objects for the module's life: loading, moving and training
/// change what is in them.
public protocol Module: AnyObject {
    /// The module's own tensors and parts, in the order of its checkpoint.
    var members: [Member] { get }
}

/// A named member of a ``Module``; one that is `nil` is left out of the tree.
public enum Member {
    /// A tensor that training changes.
    case parameter(String, Tensor?)
    /// A tensor that belongs to the checkpoint but is not trained.
    case buffer(String, Tensor?)
    /// A part with members of its own, their names prefixed with this one and a dot.
    case module(String, (any Module)?)
}

extension Module {
    /// The trained tensors of the tree by path, such as `model.enc.28x28_conv.weight`.
    public var parameters: OrderedDictionary<String, Tensor> { tensors(buffers: false) }

    /// All tensors of the tree by path: what a checkpoint holds.
    public var state: OrderedDictionary<String, Tensor> { tensors(buffers: true) }

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
        let own = state
        let mismatch = StateMismatch(
            module: String(describing: type(of: self)),
            missing: own.keys.filter { checkpoint[$0] == nil },
            unexpected: checkpoint.keys.filter { own[$0] == nil },
            shapes: own.compactMap { path, tensor in
                guard let other = checkpoint[path], other.shape != tensor.shape else { return nil }
                return .init(path: path, expected: tensor.shape, found: other.shape)
            })
        guard mismatch.isEmpty else { throw mismatch }
        withoutGradients {
            for (path, tensor) in own {
                if let other = checkpoint[path] { tensor.copy(from: other) }
            }
        }
    }

    private func tensors(buffers: Bool) -> OrderedDictionary<String, Tensor> {
        var found: OrderedDictionary<String, Tensor> = [:]
        collect(into: &found, prefix: "", buffers: buffers)
        return found
    }

    fileprivate func collect(into found: inout OrderedDictionary<String, Tensor>, prefix: String, buffers: Bool) {
        for member in members {
            switch member {
            case .parameter(let name, let tensor): found[prefix + name] = tensor
            case .buffer(let name, let tensor): if buffers { found[prefix + name] = tensor }
            case .module(let name, let module):
                module?.collect(into: &found, prefix: "\(prefix)\(name).", buffers: buffers)
            }
        }
    }
}

/// How a checkpoint differs from the module it was meant for.
public struct StateMismatch: Error, Equatable, CustomStringConvertible {
    /// A tensor of the right name and the wrong shape.
    public struct Shape: Sendable, Equatable {
        public let path: String
        public let expected: [Int]
        public let found: [Int]
    }

    /// The type of the module.
    public let module: String
    /// Paths that the module has and the checkpoint lacks.
    public let missing: [String]
    /// Paths that the checkpoint has and the module lacks.
    public let unexpected: [String]
    /// Tensors whose shapes differ.
    public let shapes: [Shape]

    var isEmpty: Bool { missing.isEmpty && unexpected.isEmpty && shapes.isEmpty }

    /// One sentence with the first names of each kind.
    public var description: String {
        var parts: [String] = []
        if !missing.isEmpty { parts.append("it lacks \(Self.list(missing))") }
        if !unexpected.isEmpty { parts.append("it has \(Self.list(unexpected)), unknown to the network") }
        if let first = shapes.first {
            let others = shapes.count > 1 ? " (and \(shapes.count - 1) more shapes differ)" : ""
            parts.append("\(first.path) has shape \(first.found) instead of \(first.expected)\(others)")
        }
        return "The weights do not fit \(module): \(parts.joined(separator: "; ")). "
            + "Use weights that were made for this architecture."
    }

    private static func list(_ paths: [String]) -> String {
        let shown = paths.prefix(3).joined(separator: ", ")
        return paths.count > 3 ? "\(shown) and \(paths.count - 3) more" : shown
    }
}
