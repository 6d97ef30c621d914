// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Distillation
import Files
import Foundation
import Training

/// How a run stands.
public struct RunStatus: Encodable, Equatable, Sendable {
    /// Whether anything runs.
    public enum State: String, Encodable, Sendable {
        /// No step was logged, and no process holds the folder: it may be making pairs.
        case preparing
        /// A process is at work.
        case running
        /// It ended before its last step, with a checkpoint.
        case stopped
        /// Its process is gone, and has not said goodbye.
        case killed
        /// All steps are done.
        case finished
    }

    /// A verdict.
    public struct Verdict: Encodable, Equatable, Sendable {
        /// Whether nothing speaks against going on.
        public let isSane: Bool
        /// A sentence.
        public let sentence: String
    }

    /// Whether anything runs.
    public let state: State
    /// The last step that was logged.
    public let step: Int
    /// The steps of the run; nil where its recipe does not tell.
    public let total: Int?
    /// Steps in a second of late; nil until that is known.
    public let stepsPerSecond: Double?
    /// What is left at that rate.
    public let secondsLeft: Double?
    /// When the last line of the log was written, in seconds since 1970.
    public let lastLogged: Double?
    /// Whether it looks sane; nil where the log does not tell.
    public let health: Verdict?
    /// How often losses or gradients that were not finite were put on record.
    public let faults: Int
    /// The names of its pictures.
    public let pictures: [String]
}

extension RunView {
    /// How it stands.
    public func status() -> RunStatus {
        let (plan, recent) = (plan, recentLines())
        let step = recent.last?.step ?? 0
        let isAlive = RunLock.process(in: folder).map { kill($0, 0) == 0 || errno == EPERM }
        let isDone = plan.steps.map { step >= $0 } ?? false
        let state: RunStatus.State =
            switch isAlive {
            case true?: .running
            case _ where isDone: .finished
            case false?: .killed
            case nil: recent.isEmpty ? .preparing : .stopped
            }
        let rate = rate(of: recent)
        let scalars = recent.last.map { last in
            recent.filter { $0.step == last.step }.reduce(into: [:]) { $0.merge($1.values) { $1 } }
        }
        let health = scalars.flatMap { Health(isWarm: step > plan.warmUpSteps, scalars: $0) }
        return RunStatus(
            state: state, step: step, total: plan.steps, stepsPerSecond: rate,
            secondsLeft: state == .running
                ? plan.steps.flatMap { total in rate.map { Double(total - step) / $0 } } : nil,
            lastLogged: recent.last?.time,
            health: health.map { .init(isSane: $0.isSane, sentence: "\($0)") },
            faults: ((try? names(in: folder.faults)) ?? []).count, pictures: pictures)
    }

    /// What the recipe says of the run's length.
    private var plan: (steps: Int?, warmUpSteps: Int) {
        if let recipe = try? folder.recipe(as: DistillRecipe.self) {
            return (recipe.distillation.steps, recipe.distillation.warmUpSteps)
        }
        if let recipe = try? folder.recipe(as: TeacherRecipe.self) {
            return ((recipe.durationImages + recipe.batch - 1) / recipe.batch, 0)
        }
        return (nil, 0)
    }

    /// Steps in a second: the median over neighbouring lines, which pauses do not sway.
    private func rate(of lines: [ScalarLog.Line]) -> Double? {
        let rates = zip(lines, lines.dropFirst()).compactMap { one, other -> Double? in
            guard other.step > one.step, other.time > one.time else { return nil }
            return Double(other.step - one.step) / (other.time - one.time)
        }
        return rates.isEmpty ? nil : rates.sorted()[rates.count / 2]
    }
}
