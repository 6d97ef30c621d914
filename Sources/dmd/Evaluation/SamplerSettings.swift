// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Models

/// A sampling method as a card holds it.
struct SamplerSettings: Codable, Equatable {
    /// `heun` or `euler`, or the class of a model's own scheduler.
    var name = "heun"
    var churn: Double?
    var churnMinimum: Double?
    /// None is infinite.
    var churnMaximum: Double?
    var churnNoise: Double?

    init(_ method: SamplingMethod = .heun) {
        switch method {
        case .heun: break
        case .euler: name = "euler"
        case .stochastic(let churn):
            self.churn = churn.amount
            churnMinimum = churn.minimum
            churnMaximum = churn.maximum.isFinite ? churn.maximum : nil
            churnNoise = churn.deviation
        }
    }

    init(_ scheduler: SchedulerConfiguration) { name = scheduler.sampler.rawValue }

    var method: SamplingMethod {
        if let churn {
            return .stochastic(
                Churn(
                    amount: churn, minimum: churnMinimum ?? 0, maximum: churnMaximum ?? .infinity,
                    deviation: churnNoise ?? 1))
        }
        return name == "euler" ? .euler : .heun
    }
}
