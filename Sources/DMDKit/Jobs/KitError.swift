// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// A setting of a job that cannot be: which one, what it is, and what to do.
public struct SettingError: LocalizedError, Equatable, CustomStringConvertible {
    /// The name of the setting in the job.
    public let setting: String
    /// What is wrong with it, as the rest of a sentence that the setting begins, without a full stop.
    public let problem: String
    /// What to do.
    public let advice: String

    /// Describes it.
    public init(_ setting: String, _ problem: String, _ advice: String) {
        (self.setting, self.problem, self.advice) = (setting, problem, advice)
    }

    /// One sentence.
    public var description: String { "`\(setting)` \(problem): \(advice)." }

    /// The ``description``.
    public var errorDescription: String? { description }
}

/// Something that the user can put right, in one sentence.
public struct KitError: LocalizedError, Equatable, CustomStringConvertible {
    /// The sentence.
    public let description: String

    init(_ description: String) { self.description = description }

    /// The ``description``.
    public var errorDescription: String? { description }
}

/// The time that a job may take is up. What it has done is kept; the same job goes on from there.
public struct TimeLimitReached: LocalizedError, CustomStringConvertible {
    /// One sentence.
    public var description: String { "The time limit is reached." }

    /// The ``description``.
    public var errorDescription: String? { description }
}

/// - Throws: ``SettingError`` for a guidance below 1.
func requireGuidance(_ guidance: Double?) throws {
    if let guidance, !(guidance >= 1 && guidance.isFinite) {
        throw SettingError("guidance", "is \(guidance)", "give at least 1, which is without guidance")
    }
}
