// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import OrderedCollections

/// How the numbers of eight bits of a layer are stored: beside `weight`, int8, and `bias`, what the cases name.
private enum Scale: String, CaseIterable {
    /// float32 `[outputs]`.
    case weightScale = "weight_scale"
    /// float32 `[]`.
    case inputScale = "input_scale"
    /// uint8 `[]`.
    case inputZeroPoint = "input_zero_point"

    /// The layer that a name is of; nil for a name of something else.
    func layer(of name: String) -> String? {
        guard name.hasSuffix(rawValue), name == self.name(in: String(name.dropLast(rawValue.count + 1)))
        else {
            return nil
        }
        return String(name.dropLast(rawValue.count + 1))
    }

    /// Its name of a layer.
    func name(in layer: String) -> String { tensorPath(rawValue, in: layer) }
}

/// The path of a tensor of a layer.
private func tensorPath(_ tensor: String, in layer: String) -> String {
    layer.isEmpty ? tensor : "\(layer).\(tensor)"
}

/// A checkpoint some of whose layers have numbers of eight bits.
public enum Int8Checkpoint {
    /// Whether a tensor's name is of a scale or a zero point.
    public static func isScale(_ name: String) -> Bool {
        Scale.allCases.contains { $0.layer(of: name) != nil }
    }

    /// The tensors of a network, with the numbers of eight bits of the layers that have some.
    ///
    /// - Parameters:
    ///   - network: the network.
    ///   - dtype: the type of all other weights.
    public static func state(
        of network: some Module, dtype: DType = .float32
    ) -> OrderedDictionary<String, Tensor> {
        var state = withoutGradients { network.state.mapValues { $0.to(dtype) } }
        for (path, layer) in network.int8Layers {
            guard let numbers = layer.int8 else { continue }
            state[tensorPath("weight", in: path)] = numbers.weight
            if let bias = numbers.bias { state[tensorPath("bias", in: path)] = bias }
            state[Scale.weightScale.name(in: path)] = numbers.scales
            state[Scale.inputScale.name(in: path)] = Tensor(numbers.inputScale)
            state[Scale.inputZeroPoint.name(in: path)] = Tensor(Double(numbers.inputZeroPoint)).to(.uint8)
        }
        return state
    }

    /// As ``use(in:names:tensor:)``, of tensors in memory.
    public static func use(
        in network: some Module, _ checkpoint: OrderedDictionary<String, Tensor>
    ) throws {
        try use(in: network, names: checkpoint.keys) { name in
            guard let tensor = checkpoint[name] else {
                preconditionFailure("\(name) is a name of the checkpoint")
            }
            return tensor
        }
    }

    /// Gives the layers of a network, whose other weights are loaded, the numbers of eight bits of a checkpoint.
    ///
    /// - Parameters:
    ///   - network: has the biases of the checkpoint.
    ///   - names: those of the checkpoint's tensors.
    ///   - tensor: a tensor by its name; asked on several threads at once.
    /// - Throws: ``Int8Error``, and what `tensor` throws.
    public static func use(
        in network: some Module, names: some Sequence<String>,
        tensor: @escaping @Sendable (String) throws -> Tensor
    ) throws {
        let names = Set(names)
        let layers = network.int8Layers
        let paths = Set(
            names.compactMap { name in Scale.allCases.compactMap { $0.layer(of: name) }.first }
        ).sorted()
        let results = concurrently(paths.count) { index in
            Result { try numbers(of: layers[paths[index]], at: paths[index], names, tensor) }
        }
        for (path, product) in zip(paths, try results.map { try $0.get() }) { layers[path]?.use(product) }
    }

    private static func numbers(
        of layer: (any Int8Layer)?, at path: String, _ names: Set<String>,
        _ tensor: (String) throws -> Tensor
    ) throws -> Int8Product {
        guard let layer else {
            throw Int8Error(reason: "\(path) is no layer that takes numbers of eight bits")
        }
        let needed = [tensorPath("weight", in: path)] + Scale.allCases.map { $0.name(in: path) }
        if let missing = needed.first(where: { !names.contains($0) }) {
            throw Int8Error(reason: "it lacks \(missing)")
        }
        let scale = try tensor(Scale.inputScale.name(in: path))
        let zero = try tensor(Scale.inputZeroPoint.name(in: path))
        guard scale.count == 1, zero.count == 1, let zeroPoint = Int(exactly: zero.item()) else {
            throw Int8Error(reason: "\(path) has not one scale and one zero point of its inputs")
        }
        do {
            let numbers = try Int8Weights(
                weight: tensor(tensorPath("weight", in: path)),
                scales: tensor(Scale.weightScale.name(in: path)),
                bias: layer.bias?.detached().cloned(), inputScale: scale.item(), inputZeroPoint: zeroPoint)
            guard numbers.weight.shape == layer.weight.shape else {
                throw Int8Error(
                    reason: "its weight has shape \(numbers.weight.shape), not \(layer.weight.shape)")
            }
            return Int8Product(numbers, layer.convolution)
        } catch let error as Int8Error {
            throw Int8Error(reason: "of \(path), \(error.reason)")
        }
    }
}
