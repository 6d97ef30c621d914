// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import OrderedCollections

/// A layer that can make its products of whole numbers of eight bits; see ``Int8Weights``.
///
/// Where they cannot be, on other devices and for other engines, the layer takes the weights that the numbers stand for. It has no
/// gradients any more.
public protocol Int8Layer: Module {
    /// The layer's weights, `[outputs, inputs, kernel, kernel]` or `[outputs, inputs]`; int8 where it has ``int8``.
    var weight: Tensor { get }
    /// `[outputs]`, or none.
    var bias: Tensor? { get }
    /// Stride and padding, of a convolution alone.
    var convolution: (stride: Int, padding: Int)? { get }
    /// How products are made now.
    var products: Setting<LayerProducts> { get }
}

/// How a layer makes its products.
public struct LayerProducts: Sendable {
    enum Kind: Sendable {
        case asGiven
        case watched(LayerWatch)
        case int8(Int8Product)
    }

    let kind: Kind

    /// In the type of the input.
    public static var asGiven: LayerProducts { .init(kind: .asGiven) }
}

extension Int8Layer {
    /// The layer's numbers of eight bits, where it has any.
    public var int8: Int8Weights? {
        if case .int8(let product) = products.value.kind { product.weights } else { nil }
    }

    /// Takes numbers of eight bits in the place of the weights.
    public func use(_ numbers: Int8Weights) { use(Int8Product(numbers, convolution)) }

    func use(_ product: Int8Product) {
        weight.replaceData(with: product.weights.weight)
        if let bias, let other = product.weights.bias { withoutGradients { bias.copy(from: other) } }
        products.value = .init(kind: .int8(product))
    }

    /// The weights in the type of `x`, on its device.
    func weight(for x: Tensor) -> Tensor {
        guard weight.dtype == .int8, let int8 else { return weight.to(x.dtype) }
        return int8.floats.to(x.device).to(x.dtype)
    }

    /// Takes numbers of eight bits, and leaves the weights alone.
    func setProducts(of numbers: Int8Weights) {
        products.value = .init(kind: .int8(Int8Product(numbers, convolution)))
    }

    /// The layer's products with `x`.
    ///
    /// - Parameter floats: makes them in the type of `x`.
    func products(of x: Tensor, floats: (Tensor) -> Tensor) -> Tensor {
        switch products.value.kind {
        case .asGiven: floats(x)
        case .watched(let watch): watch.see(x, floats: floats)
        case .int8(let product): product(x) ?? floats(x)
        }
    }
}

extension Module {
    /// The layers of the tree that can make products of eight bits, by path.
    public var int8Layers: OrderedDictionary<String, any Int8Layer> { parts { $0 as? any Int8Layer } }

    /// Whether layers of the tree have numbers of eight bits in the place of their weights.
    public var hasInt8: Bool { int8Layers.values.contains { $0.int8 != nil } }
}
