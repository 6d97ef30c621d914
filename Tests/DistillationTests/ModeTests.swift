// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Foundation
import Testing
import Torch

@Suite("The regression loss")
struct ModeTests {
    @Test("explore", .enabled(if: ProcessInfo.processInfo.environment["EXPLORE"] != nil))
    func explore() throws {
        let e = ProcessInfo.processInfo.environment
        func d(_ k: String, _ v: Double) -> Double { e[k].flatMap(Double.init) ?? v }
        let sep = d("SEP", 0.6)
        let share = d("SHARE", 0.5)
        let mixture = Mixture(
            centers: [[-sep, 0], [sep, 0.2]], shares: [share, 1 - share], width: d("WIDTH", 0.1))
        let toy = Toy(mixture, pairs: 1024)
        for lambda in [0, d("LAMBDA", 0.25)] {
            let start = ContinuousClock.now
            let distiller = try toy.distiller(
                Toy.recipe {
                    $0.steps = Int(d("STEPS", 1000))
                    $0.batch = Int(d("BATCH", 128))
                    $0.lambda = lambda
                    $0.pairBatch = lambda == 0 ? 0 : Int(d("BATCH", 128))
                    $0.learningRate = d("LR", 1e-3)
                    $0.criticSteps = Int(d("CRITIC", 1))
                    $0.maximumLevel = d("TMAX", 0.98)
                    $0.emaHalfLifeImages = d("EMA", 2000)
                    $0.seed = UInt64(d("SEED", 0))
                })
            for index in 0..<distiller.recipe.steps {
                let report = distiller.step(index)
                if (index + 1) % (distiller.recipe.steps / 5) == 0 {
                    let lag = distiller.criticLag(after: index)
                    print(
                        lambda, index + 1, shares(of: distiller.generator, mixture),
                        shares(of: try distiller.makeAveragedGenerator(), mixture),
                        report.scalars().sorted { $0.key < $1.key }.map {
                            "\($0.key)=\(String(format: "%.3g", $0.value))"
                        }.joined(separator: " "), lag.critic.item() / lag.teacher.item(),
                        Health(
                            isWarm: true, lag: lag.critic.item() / lag.teacher.item(),
                            images: ImageStatistics(of: report.images),
                            pairs: ImageStatistics(of: toy.pairs.pairs(at: 0..<1000).images)))
                }
            }
            print(start.duration(to: .now))
        }
    }

    /// The fraction of generated points within three widths of each mode.
    private func shares(of generator: ToyDenoiser, _ mixture: Mixture) -> [Double] {
        withoutGradients {
            var stream = RandomStream(seed: 9, purpose: "shares")
            let points = generator.generate(from: stream.normal([2000, 2, 1, 1])).array(as: Double.self)
            return mixture.centers.map { center in
                let near = stride(from: 0, to: points.count, by: 2).filter { i in
                    hypot(points[i] - center[0], points[i + 1] - center[1]) < 0.4
                }
                return Double(near.count) / 2000
            }
        }
    }
}
