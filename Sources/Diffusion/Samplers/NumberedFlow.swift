// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// The probability flow equation of a denoiser at the numbered levels of its schedule; see ``ProbabilityFlow``.
///
/// The state is `x_t` in float64 (float32 on MPS, which has no other); the network sees the type of the noise.
struct NumberedFlow<Network: Denoiser> {
    /// A level of the flow.
    struct Point {
        let alpha: Double
        /// `sigma / alpha`.
        let ratio: Double
        /// What the network is told.
        let time: Double

        /// The clean sample.
        static var clean: Point { Point(alpha: 1, ratio: 0, time: 0) }
    }

    let denoiser: Network
    /// Unit normal noise `[N, C, H, W]`.
    let noise: Tensor
    let condition: Tensor?
    /// The levels of the schedule, by their numbers.
    let points: [Point]

    init(denoiser: Network, noise: Tensor, condition: Tensor?) {
        self.denoiser = denoiser
        self.noise = noise
        self.condition = condition
        let level = denoiser.schedule.level(at: .arange(denoiser.schedule.count))
        let (alphas, sigmas) = (level.alpha.array(as: Double.self), level.sigma.array(as: Double.self))
        points = zip(zip(alphas, sigmas), level.time.array(as: Double.self)).map { level, time in
            Point(alpha: level.0, ratio: level.1 / level.0, time: time)
        }
    }

    /// The level with a number; between two levels the ratio and the time are interpolated.
    func point(at number: Double) -> Point {
        let low = Int(number)
        let part = number - Double(low)
        guard part > 0 else { return points[low] }
        let ratio = points[low].ratio + part * (points[low + 1].ratio - points[low].ratio)
        let alpha = denoiser.schedule.level(noiseToSignal: ratio, count: 1).alpha.item()
        return Point(
            alpha: alpha, ratio: ratio,
            time: points[low].time + part * (points[low + 1].time - points[low].time))
    }

    /// The level a distance further down; past the lowest, the lowest itself or the clean sample.
    func end(ofStepFrom level: Int, distance: Int, endsClean: Bool) -> Point {
        level >= distance ? points[level - distance] : endsClean ? .clean : points[0]
    }

    /// The state before the first step: noise as strong as the schedule's highest level has it.
    var start: Tensor {
        noise.to(noise.device == .mps ? .float32 : .float64) * denoiser.schedule.initialScale
    }

    /// `mu(x, t)`.
    func mean(_ x: Tensor, _ point: Point) -> Tensor {
        let count = x.shape[0]
        func batch(_ value: Double) -> Tensor { .full([count], value: value, dtype: .float64) }
        let level = NoiseLevel(
            alpha: batch(point.alpha), sigma: batch(point.alpha * point.ratio), time: batch(point.time))
        return denoiser(x.to(noise.dtype), at: level, condition: condition).to(x.dtype)
    }

    /// The slope of `x / alpha` over the ratio, which is the predicted noise.
    func slope(_ x: Tensor, _ point: Point) -> Tensor { (x / point.alpha - mean(x, point)) / point.ratio }

    /// The state at `end`, along a slope from the state at `point`.
    func moved(_ x: Tensor, from point: Point, to end: Point, along slope: Tensor) -> Tensor {
        (x / point.alpha + slope * (end.ratio - point.ratio)) * end.alpha
    }
}
