// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// How a model was sampled in several steps, as a ``Card`` holds it.
public struct SamplerSettings: Codable, Equatable, Sendable {
    /// `heun` or `euler`, or the class of a model's own scheduler.
    public var name: String
    /// EDM's `S_churn`: how much fresh noise is added; nil for none.
    public var churn: Double?
    /// EDM's `S_min`.
    public var churnMinimum: Double?
    /// EDM's `S_max`; nil is infinite.
    public var churnMaximum: Double?
    /// EDM's `S_noise`.
    public var churnNoise: Double?

    /// The levels at which a generator of several steps is evaluated; nil for another method.
    public var levels: [Int]?

    /// A method without fresh noise.
    public init(_ name: String = "heun") { self.name = name }
}
