// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Synchronization
import Torch

/// A toy that tells who was asked for what, and shows features: the teacher, its first replica, which is the generator,
/// and its second, the critic.
final class ObservedDenoiser: FeatureDenoiser {
    /// One evaluation.
    struct Evaluation: Equatable {
        var role: String
        var count: Int
        var wantsFeatures: Bool
        var isRecording: Bool
    }

    /// What all of a family share.
    private final class Diary: Sendable {
        let evaluations = Mutex<[Evaluation]>([])
        let replicas = Atomic(0)
    }

    private let base: ToyDenoiser
    private let role: String
    private let diary: Diary
    /// What the weight of the loss is multiplied by.
    private let lossFactor: Setting<Double>

    convenience init(_ base: ToyDenoiser, lossFactor: Setting<Double> = Setting(1)) {
        self.init(base, "teacher", Diary(), lossFactor)
    }

    private init(_ base: ToyDenoiser, _ role: String, _ diary: Diary, _ lossFactor: Setting<Double>) {
        (self.base, self.role, self.diary, self.lossFactor) = (base, role, diary, lossFactor)
    }

    var schedule: any NoiseSchedule { base.schedule }
    var sampleShape: [Int] { base.sampleShape }
    var conditioning: Conditioning { base.conditioning }
    var children: [Child] { base.children }

    func lossWeight(at level: NoiseLevel) -> Tensor { base.lossWeight(at: level) * lossFactor.value }

    /// What was evaluated since the last call.
    func evaluations() -> [Evaluation] {
        diary.evaluations.withLock { evaluations in
            defer { evaluations = [] }
            return evaluations
        }
    }

    func callAsFunction(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> Tensor {
        evaluated(x, level, condition, wantsFeatures: false)
    }

    /// The features are twice the noised samples, and the prediction.
    func predictAndFeatures(
        _ x: Tensor, at level: NoiseLevel, given condition: Condition?
    ) -> Prediction {
        let x0 = evaluated(x, level, condition, wantsFeatures: true)
        return Prediction(x0: x0, features: [x * 2, x0])
    }

    func replica(sharing: WeightSharing) -> ObservedDenoiser {
        let number = diary.replicas.add(1, ordering: .relaxed).oldValue
        let roles = ["generator", "critic"]
        return ObservedDenoiser(
            base.replica(sharing: sharing), number < 2 ? roles[number] : "another", diary, lossFactor)
    }

    private func evaluated(
        _ x: Tensor, _ level: NoiseLevel, _ condition: Condition?, wantsFeatures: Bool
    ) -> Tensor {
        let result = base(x, at: level, given: condition)
        diary.evaluations.withLock {
            $0.append(
                Evaluation(
                    role: role, count: x.shape[0], wantsFeatures: wantsFeatures,
                    isRecording: result.requiresGrad))
        }
        return result
    }
}
