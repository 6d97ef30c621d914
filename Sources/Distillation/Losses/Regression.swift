// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// A distance between two batches of images `[N, C, H, W]` in [-1, 1], one number per image, `[N]`. Gradient flows
/// through the first argument. Called from several threads at once on the CPU. The paper takes LPIPS.
public typealias Distance = @Sendable (_ generated: Tensor, _ target: Tensor) -> Tensor

/// The regression loss on pairs: `l(G(z_ref), y_ref)`, where `y_ref` is what the teacher's deterministic sampler makes of
/// the noise `z_ref`. It keeps the generator from losing modes of the teacher's distribution.
///
/// Source: DMD, equation 9 (arXiv 2311.18828).
public struct Regression: GeneratorTerm {
    /// `regression`.
    public let name = "regression"
    /// `lambda_reg`.
    public let weight: Double
    private let distance: Distance

    /// A term.
    ///
    /// - Parameters:
    ///   - weight: `lambda_reg`.
    ///   - distance: `l`.
    public init(weight: Double, distance: @escaping Distance) {
        self.weight = weight
        self.distance = distance
    }

    /// Pairs.
    public var inputs: TermInputs { .pairs }

    /// False: the samples of pairs are all it reads.
    public var readsFreshSamples: Bool { false }

    /// The distance of each pair.
    public func callAsFunction(_ output: GeneratorOutput) -> TermValue {
        guard let pairs = output.pairs else { preconditionFailure("the regression loss reads pairs") }
        return TermValue(distance(pairs.generated, pairs.target))
    }
}
