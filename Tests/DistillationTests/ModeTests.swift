// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Testing
import Torch

/// The paper's reason for the regression loss (section 3.3): distribution matching moves images to where the teacher
/// finds them more likely nearby, and says nothing of modes that the generator does not reach.
@Suite("The regression loss")
struct ModeTests {
    /// The first guess, the mean of all points, lies nearer to the mode of three quarters of them.
    private let mixture = Mixture(centers: [[-0.8, 0], [0.8, 0.2]], shares: [0.75, 0.25], width: 0.1)

    @Test("keeps a mode that distribution matching alone loses", arguments: ComputeType.allCases)
    func modes(computeType: ComputeType) throws {
        let toy = Toy(mixture, pairs: 1_024)
        let matchedOnly = try shares(after: 300, of: toy, weight: 0, computeType)
        #expect(matchedOnly[0] > 0.8 && matchedOnly[1] < 0.01)
        let regressedToo = try shares(after: 300, of: toy, weight: 0.25, computeType)
        #expect(regressedToo[0] > 0.5 && regressedToo[1] > 0.05)
    }

    /// The fraction of generated points near each mode, after some steps at noise that hardly bridges the modes.
    private func shares(after steps: Int, of toy: Toy, weight: Double, _ computeType: ComputeType) throws
        -> [Double]
    {
        let distiller = try toy.distiller(
            Toy.recipe {
                $0.batch = 64
                $0.regression.weight = weight
                $0.regression.batch = 64
                $0.scoreLevels.maximum = 0.4
                $0.emaHalfLifeImages = [2_000]
                $0.computeType = computeType
            })
        for index in 0..<steps { _ = try distiller.step(index) }
        let generator = distiller.averagedGenerator()
        var stream = RandomStream(seed: 9, purpose: "modes")
        let points = withoutGradients { generator(stream.normal([1_000, 2, 1, 1])) }
            .reshaped([1_000, 2])
        return mixture.centers.map { center in
            let distances = (points - Tensor(center.map(Float.init))).square().sum(dims: [1]).sqrt()
            return (distances .< 0.4).to(.float64).mean().item()
        }
    }
}
