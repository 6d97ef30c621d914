// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
import Models
import Torch
public import Training

/// Makes pairs of noise and image with a teacher's deterministic sampler. The same job makes what is missing; several, also
/// on machines that share the folder, may make one set together.
public struct MakePairs: Job {
    /// The teacher.
    public var teacher: TeacherSettings
    /// How many pairs.
    public var count: Int
    /// Steps of the sampler; nil for 18 of Heun's method, or 50 of the model's own for prompts.
    public var steps: Int?
    /// The random seed of the noise.
    public var seed: UInt64
    /// Pairs that are made at once; nil for 128, or 16 for prompts.
    public var batch: Int?
    /// Pairs in one file, which is the most that is lost when the job is stopped.
    public var shardSize: Int
    /// The folder of the pairs.
    public var folder: URL
    /// When to stop in any case.
    public var timeLimit: TimeLimit?
    /// Where it computes.
    public var compute: ComputeSettings

    /// A set of pairs; see the properties.
    public init(
        teacher: TeacherSettings = .init(), count: Int = 10_000, steps: Int? = nil, seed: UInt64 = 0,
        batch: Int? = nil, shardSize: Int = 1_000, folder: URL = URL(filePath: "runs/pairs"),
        compute: ComputeSettings = .cpu
    ) {
        (self.teacher, self.count, self.steps, self.seed) = (teacher, count, steps, seed)
        (self.batch, self.shardSize, self.folder, self.compute) = (batch, shardSize, folder, compute)
    }

    /// Stops in any case after a time such as `3h30m`.
    ///
    /// - Throws: ``SettingError`` for something else.
    public mutating func stop(after time: String?) throws { timeLimit = try TimeLimit(text: time) }

    /// Makes the pairs that the folder lacks.
    ///
    /// - Returns: the folder.
    public func run(in context: JobContext) throws -> URL {
        try require(
            ("steps", steps, .samplerSteps), ("count", count, .imageCounts), ("batch", batch, .batches),
            ("shardSize", shardSize, .imageCounts))
        try requireWritable(folder: folder)
        let teacher = try teacher.unpacked(context)
        switch try teacher.kind() {
        case .pixels(let file):
            let denoiser = try loadDenoiser(at: file, device: compute.device)
            try requireFloats(denoiser, of: file)
            let model = PixelTeacher(denoiser)
            try make(by: model, steps: steps ?? 18, batch: batch ?? 128, context)
        case .text(let folder, let prompts):
            guard let guidance = teacher.guidance else {
                throw SettingError(
                    "guidance", "is missing, which a text-to-image teacher needs", "the paper takes 3 or 8")
            }
            let model = try TextTeacher(
                folder: folder, variant: teacher.variant, prompts, guidance: guidance,
                sampler: teacher.sampler,
                steps: steps ?? 50,
                tinyDecoder: nil, device: compute.device, context)
            try make(by: model, steps: steps ?? 50, batch: batch ?? 16, context)
        }
        return folder
    }

    private func make(by teacher: some TeacherModel, steps: Int, batch: Int, _ context: JobContext) throws {
        try teacher.makePairs(
            in: folder, count: count, steps: steps, seed: seed, batch: batch, shardSize: shardSize,
            device: compute.device, timeLimit: timeLimit, context)
    }
}
