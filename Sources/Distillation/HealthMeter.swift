// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Torch

/// Takes the numbers of a run for its log, and judges them.
struct HealthMeter<Network: Denoiser> {
    private let distiller: Distiller<Network>
    private let pairs: ImageStatistics?
    private var last: (done: Int, time: ContinuousClock.Instant)?

    init(_ distiller: Distiller<Network>) {
        self.distiller = distiller
        pairs = distiller.pairs.map { pairs in
            ImageStatistics(of: pairs.pairs(at: 0..<min(1_024, pairs.description.count)).images)
        }
    }

    /// The numbers by tag, and what they say; waits for the device.
    mutating func measure(_ step: StepReport, done: Int) -> (scalars: [String: Double], health: Health) {
        var scalars = step.scalars()
        let images = ImageStatistics(of: step.images)
        let losses = distiller.criticLag(after: done)
        let lag = losses.critic.item() / losses.teacher.item()
        scalars["critic/fresh_loss"] = losses.critic.item()
        scalars["critic/lag"] = lag
        scalars["images_per_second"] = imagesPerSecond(done: done)
        for (name, statistics) in [("images", images), ("pairs", pairs)] {
            scalars["\(name)/mean"] = statistics?.mean
            scalars["\(name)/std"] = statistics?.standardDeviation
            scalars["\(name)/brightness"] = statistics?.brightness
        }
        let health = Health(
            isWarm: done > distiller.recipe.warmUpSteps, lag: lag, images: images, pairs: pairs)
        scalars["health/sane"] = health.isSane ? 1 : 0
        return (scalars, health)
    }

    /// Images that distribution matching saw in a second since the last measurement; nil at the first one.
    private mutating func imagesPerSecond(done: Int) -> Double? {
        let now = ContinuousClock.now
        defer { last = (done, now) }
        return last.map {
            Double((done - $0.done) * distiller.recipe.batch) / ($0.time.duration(to: now) / .seconds(1))
        }
    }
}
