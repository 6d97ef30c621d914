// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
import Files
public import Foundation
public import Torch
import Training

/// Makes a folder of pairs, file by file; one that was cut short goes on with the files that lack.
///
/// Any number of writers may make one set at the same time: in one process, in several, or on several machines that
/// share the folder, provided its file system knows locks. Each takes the next file that is neither made nor claimed by
/// another. A claim ends with its process, and the file is then another's to make. What the files hold depends on none
/// of this.
///
/// A file `pairs-00000.safetensors` holds `images` and, with classes, `labels` (int64); its metadata tells how to draw
/// the noise again, and its check sum. `pairs.json` tells what the set is made of.
public struct PairWriter {
    /// Samples `[N, ...]`, images in [-1, 1] or latents, from unit normal noise of the same shape and conditions, by a
    /// deterministic sampler: the same input must always give the same sample.
    public typealias Sampler = (_ z: Tensor, _ condition: Condition?) throws -> Tensor

    private let description: PairDescription
    private let conditions: (any ConditionSource)?
    private let shards: [PairShard]
    /// The numbers of the files that were seen to be made and sound.
    private var made: Set<Int> = []
    private let warn: (String) -> Void

    /// Begins a set, or goes on with the one that the folder holds already, all intact files of which stay.
    ///
    /// - Parameters:
    ///   - folder: the folder of the set.
    ///   - description: what it is made of.
    ///   - conditions: the prompts that the pairs are of; classes need none.
    ///   - warn: hears of files that are damaged and made again, and of waiting for other processes.
    /// - Throws: ``PairError/mismatched(folder:differences:)`` if the folder holds other pairs, `FileError`.
    public init(
        _ folder: URL, _ description: PairDescription, conditions: (any ConditionSource)? = nil,
        warn: @escaping (String) -> Void = { _ in }
    ) throws {
        try PairManifest.begin(description, in: folder)
        self.description = description
        self.conditions = conditions
        self.warn = warn
        shards = PairShard.all(of: description, in: folder)
        for number in shards.indices { note(number) }
        removeAbandonedClaims()
    }

    /// The pairs that were made, by this writer or another, when it last looked.
    public var finished: Int { made.reduce(0) { $0 + shards[$1].indices.count } }

    /// Makes what is missing, and waits for what others make.
    ///
    /// - Parameters:
    ///   - batch: pairs that go through the sampler at once, at least 1.
    ///   - device: where the sampler wants its input.
    ///   - sampler: makes the images.
    ///   - progress: hears the number of pairs made so far, those of this writer's unfinished file included, at least
    ///     once a second while it waits; what it throws ends the work.
    /// - Throws: ``PairError/notFinite(pairs:)``, `FileError`, `TorchError`, and what `sampler` and `progress` throw.
    ///   Finished files stay.
    public mutating func write(
        batch: Int, device: Device = .cpu, sampler: Sampler, progress: (Int) throws -> Void = { _ in }
    ) throws {
        var hasToldOfWaiting = false
        while made.count < shards.count {
            var isIdle = true
            for number in shards.indices where !made.contains(number) {
                guard let claim = try FileClaim(on: shards[number].url) else { continue }
                isIdle = false
                note(number)
                if !made.contains(number) {
                    let images = try images(
                        of: shards[number], batch: batch, device: device, sampler: sampler,
                        progress: progress)
                    try shards[number].write(images)
                    made.insert(number)
                }
                claim.fulfil()
            }
            if isIdle {
                if !hasToldOfWaiting { warn("Waiting for the files that other processes make.") }
                hasToldOfWaiting = true
                try progress(finished)
                Thread.sleep(forTimeInterval: 0.5)
            }
        }
        removeAbandonedClaims()
    }

    private func removeAbandonedClaims() {
        for number in made { FileClaim.removeAbandoned(on: shards[number].url) }
    }

    /// Notes whether a file is made and sound.
    private mutating func note(_ number: Int) {
        guard shards[number].exists else { return }
        do {
            try shards[number].verify(shards[number].opened())
            made.insert(number)
        } catch {
            warn("\(error)")
        }
    }

    /// The images of a file.
    private func images(
        of shard: PairShard, batch: Int, device: Device, sampler: Sampler, progress: (Int) throws -> Void
    ) throws -> Tensor {
        var parts: [Tensor] = []
        for start in stride(from: shard.indices.lowerBound, to: shard.indices.upperBound, by: batch) {
            let part = start..<min(start + batch, shard.indices.upperBound)
            try LibTorch.withErrors {
                let images = try withoutGradients {
                    try sampler(
                        description.noise(at: part).to(device),
                        description.condition(at: part, of: conditions)?.to(device))
                }
                precondition(
                    images.shape == [part.count] + description.sampleShape,
                    "the sampler made images of shape \(images.shape)")
                guard images.isFinite().to(.uint8).min().item() == 1 else {
                    throw PairError.notFinite(pairs: part)
                }
                parts.append(images.to(description.storage.dtype).to(Device.cpu))
            }
            try progress(finished + part.upperBound - shard.indices.lowerBound)
        }
        return .concatenated(parts)
    }
}
