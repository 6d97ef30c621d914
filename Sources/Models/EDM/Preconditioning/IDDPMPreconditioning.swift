// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
public import Torch

/// The scalings of improved DDPM, whose network predicts the noise and knows only the levels of a grid:
///
///     u_M = 0,  u_{j-1} = sqrt((u_j^2 + 1) / max(a_{j-1} / a_j, c1) - 1),  a_j = sin^2(pi j / (2 M (c2 + 1)))
///
/// Source: Nichol and Dhariwal 2021 (arXiv 2102.09672) in the form of Karras et al. 2022, table 1, column "iDDPM"
/// (arXiv 2206.00364).
public struct IDDPMPreconditioning: Preconditioning {
    /// The least ratio of two successive steps' signals.
    public let c1: Double
    /// What keeps the first steps from being too small.
    public let c2: Double
    /// `M`, the number of steps.
    public let steps: Int
    /// From `u_0`, the most noise, to `u_{M-1}`.
    public let grid: [Double]

    /// `u`, float32 `[M + 1]`, as checkpoints hold it.
    private let u: Tensor

    /// The published settings, or others.
    ///
    /// - Parameters:
    ///   - c1: the least ratio of two successive steps' signals, above 0.
    ///   - c2: what keeps the first steps from being too small, above 0.
    ///   - steps: `M`, at least 2.
    ///   - u: the grid of a checkpoint, `[M + 1]`: those of published ones were made in float32, whose rounding shows in
    ///     the lowest levels. Without one it is made anew.
    public init(c1: Double = 0.001, c2: Double = 0.008, steps: Int = 1000, u: Tensor? = nil) {
        precondition(c1 > 0 && c2 > 0 && steps > 1, "settings must be above 0 and steps above 1")
        self.c1 = c1
        self.c2 = c2
        self.steps = steps
        self.u = u?.to(.float32).cloned() ?? Tensor(Self.levels(c1: c1, c2: c2, steps: steps).map(Float.init))
        precondition(
            self.u.shape == [steps + 1], "a grid of shape \(self.u.shape) is not one of \(steps) steps")
        grid = self.u.array().dropLast()
    }

    private static func levels(c1: Double, c2: Double, steps: Int) -> [Double] {
        func signal(_ j: Int) -> Double {
            pow(sin(Double.pi / 2 * Double(j) / (Double(steps) * (c2 + 1))), 2)
        }
        var levels = [0.0]
        for j in stride(from: steps, to: 0, by: -1) {
            let last = levels[levels.count - 1]
            levels.append(((last * last + 1) / max(signal(j - 1) / signal(j), c1) - 1).squareRoot())
        }
        return levels.reversed()
    }

    /// `u`.
    public var buffers: [Child] { [.buffer("u", u)] }

    /// From `u_{M-1}` to `u_0`.
    public var sigmaRange: ClosedRange<Double> { grid[steps - 1]...grid[0] }

    /// 1.
    public func cSkip(_ sigma: Tensor) -> Tensor { .zerosLike(sigma) + 1 }

    /// `-sigma`.
    public func cOut(_ sigma: Tensor) -> Tensor { -sigma }

    /// `1 / sqrt(sigma^2 + 1)`.
    public func cIn(_ sigma: Tensor) -> Tensor { 1 / (sigma.square() + 1).sqrt() }

    /// `M - 1 - j` of the level `u_j` that is nearest to `sigma`.
    public func cNoise(_ sigma: Tensor) -> Tensor {
        let column = sigma.to(.float32).reshaped([-1, 1])
        let nearest = (-(column - u.to(sigma.device).unsqueezed(0)).abs()).argmax(dim: 1)
        return (Double(steps - 1) - nearest.to(sigma.dtype)).reshaped(sigma.shape)
    }
}
