// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Torch

/// A denoiser that a job can be stopped by in the midst of a sampler's steps: from then on it gives back what it is given, so that
/// the steps that are left take no time. What comes of them is of no use, and the job's check throws it away.
final class Stoppable<Base: Denoiser>: Denoiser {
    private let base: Base
    private let context: JobContext

    init(_ base: Base, by context: JobContext) { (self.base, self.context) = (base, context) }

    var schedule: any NoiseSchedule { base.schedule }
    var sampleShape: [Int] { base.sampleShape }
    var conditioning: Conditioning { base.conditioning }
    var children: [Child] { base.children }
    func lossWeight(at level: NoiseLevel) -> Tensor { base.lossWeight(at: level) }
    func replica(sharing: WeightSharing) -> Base.Replica { base.replica(sharing: sharing) }

    func callAsFunction(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> Tensor {
        context.isStopping ? x : base(x, at: level, given: condition)
    }
}
