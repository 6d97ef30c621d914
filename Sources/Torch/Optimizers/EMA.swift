// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
public import OrderedCollections

/// An exponential moving average (EMA) of a module's parameters.
///
/// After a batch of B images, with h the half-life in images and r the ramp-up ratio:
/// ```
/// h' = min(h, r * imagesBefore)
/// beta = 0.5^(B / h')
/// average = beta * average + (1 - beta) * parameter
/// ```
/// Early in training the ramp-up shortens the half-life to a fraction of what was seen, so that the first
/// weights are forgotten; at the very first batch beta is 0. Source: the training of Karras et al., arXiv
/// 2206.00364.
///
/// Averages are kept in float32 at least, since a small `1 - beta` would vanish in narrower types.
public final class EMA {
    /// The images after which a weight counts half, above 0.
    public let halfLifeImages: Double
    /// The largest half-life as a fraction of the images seen before, above 0; `nil` for no ramp-up.
    public let rampUpRatio: Double?

    /// The averages by the paths of the parameters: weights that any module of the same architecture can
    /// load.
    ///
    /// They are the average's own, so the next update changes them.
    public private(set) var state: OrderedDictionary<String, Tensor>
    private let paths: OrderedSet<String>

    /// Starts from the present parameters of `module`.
    public init(of module: some Module, halfLifeImages: Double, rampUpRatio: Double? = 0.05) {
        precondition(halfLifeImages > 0, "a half-life must be above 0")
        self.halfLifeImages = halfLifeImages
        self.rampUpRatio = rampUpRatio
        state = module.parameters.mapValues { parameter in
            parameter.detached().cloned().to(parameter.dtype.precise)
        }
        paths = state.keys
    }

    private static let lerp = Operator("aten::_foreach_lerp_.Scalar")

    /// Moves the averages towards the parameters of `module`, which must have the same paths.
    ///
    /// - Parameters:
    ///   - module: what is averaged, after the step.
    ///   - batchSize: the images of the step that led to these parameters.
    ///   - imagesBefore: the images seen before that step.
    public func update(from module: some Module, batchSize: Int, imagesBefore: Int) {
        let weight = 1 - beta(batchSize: batchSize, imagesBefore: imagesBefore)
        let parameters = module.parameters
        precondition(parameters.keys == paths, "the module's parameters are not those that are averaged")
        guard !state.isEmpty else { return }
        let current = state.compactMap { path, average in parameters[path]?.detached().to(average.dtype) }
        withoutGradients {
            _ = Self.lerp.many(.tensors(Array(state.values)), .tensors(current), .double(weight))
        }
    }

    /// Gives up the averages of all parameters but some.
    package func keepOnly(_ paths: Set<String>) { state = state.filter { paths.contains($0.key) } }

    /// What is kept of the average in one update: 0 forgets it, 1 would never change it.
    public func beta(batchSize: Int, imagesBefore: Int) -> Double {
        let ramp = rampUpRatio.map { $0 * Double(imagesBefore) } ?? .infinity
        return pow(0.5, Double(batchSize) / min(halfLifeImages, ramp))
    }

    /// Overwrites the parameters of `module`, which must have the same paths, with the averages.
    public func copy(to module: some Module) {
        let parameters = module.parameters
        precondition(parameters.keys == state.keys, "the module's parameters are not those that are averaged")
        withoutGradients {
            for (parameter, average) in zip(parameters.values, state.values) { parameter.copy(from: average) }
        }
    }

    /// Continues from a saved ``state``, all of it or, when it throws, nothing.
    ///
    /// - Throws: ``StateMismatch`` if names or shapes differ.
    public func load(state saved: OrderedDictionary<String, Tensor>) throws {
        try StateMismatch.copy(saved, into: state, of: "the moving average")
    }
}
