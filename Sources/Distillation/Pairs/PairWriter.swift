// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
import Logging
import OrderedCollections
public import Torch
import Training

/// Makes a folder of pairs, file by file; one that was cut short goes on after its last whole file.
///
/// A file `pairs-00000.safetensors` holds `images` and, with classes, `labels` (int64); its metadata tells how to draw
/// the noise again. `pairs.json` lists the finished files.
public struct PairWriter {
    /// Images `[N, C, H, W]` in [-1, 1] from unit normal noise of the same shape and one-hot classes, by a deterministic
    /// sampler: the same input must always give the same image.
    public typealias Sampler = (_ z: Tensor, _ condition: Tensor?) throws -> Tensor

    private let folder: URL
    private var manifest: PairManifest

    /// Begins a set, or goes on with the one that the folder holds already, after its last intact file.
    ///
    /// - Throws: ``PairError/mismatched(folder:differences:)`` if the folder holds other pairs, ``FileError``.
    public init(_ folder: URL, _ description: PairDescription) throws {
        self.folder = folder
        if let found = try PairManifest(in: folder) {
            let differences = description.differences(from: found.description)
            guard differences.isEmpty else {
                throw PairError.mismatched(folder: folder.relativePath, differences: differences)
            }
            manifest = found
            dropDamaged()
        } else {
            manifest = PairManifest(description)
            try makeFolder(folder)
            try manifest.write(to: folder)
        }
    }

    /// The pairs that are made.
    public var finished: Int {
        min(manifest.shards.count * manifest.description.shardSize, manifest.description.count)
    }

    /// Makes what is missing.
    ///
    /// - Parameters:
    ///   - batch: pairs that go through the sampler at once, at least 1.
    ///   - device: where the sampler wants its input.
    ///   - sampler: makes the images.
    ///   - progress: hears the number of pairs made so far, those of an unfinished file included, and says whether to
    ///     go on.
    /// - Returns: whether the set is whole; if not, `progress` ended it.
    /// - Throws: ``PairError/notFinite(pairs:)``, ``FileError`` or what writing a safetensors file throws, and what
    ///   `sampler` throws. Finished files stay.
    public mutating func write(
        batch: Int, device: Device = .cpu, sampler: Sampler, progress: (Int) -> Bool = { _ in true }
    ) throws -> Bool {
        while manifest.shards.count < manifest.description.shardCount {
            guard let images = try images(batch: batch, device: device, sampler: sampler, progress: progress)
            else {
                return false
            }
            try append(images)
        }
        return true
    }

    /// Forgets the first finished file that was changed or removed, and those after it.
    private mutating func dropDamaged() {
        for shard in manifest.shards.indices {
            do {
                try manifest.verify(shard: shard, in: folder)
            } catch {
                Logger(label: "distillation").warning("\(error) It and all after it are made again.")
                manifest.shards.removeSubrange(shard...)
                return
            }
        }
    }

    /// The images of the next file; nil if `progress` ended it.
    private func images(
        batch: Int, device: Device, sampler: Sampler, progress: (Int) -> Bool
    ) throws -> Tensor? {
        let description = manifest.description
        let indices = description.indices(ofShard: manifest.shards.count)
        var parts: [Tensor] = []
        for start in stride(from: indices.lowerBound, to: indices.upperBound, by: batch) {
            let part = start..<min(start + batch, indices.upperBound)
            let made = try withoutGradients {
                try sampler(
                    description.noise(at: part).to(device), description.condition(at: part)?.to(device))
            }
            precondition(
                made.shape == [part.count] + description.sampleShape,
                "the sampler made images of shape \(made.shape)")
            guard made.isFinite().to(.uint8).min().item() == 1 else { throw PairError.notFinite(pairs: part) }
            parts.append(made.to(description.storage.dtype).to(Device.cpu))
            guard progress(part.upperBound) else { return nil }
        }
        return .concatenated(parts)
    }

    private mutating func append(_ images: Tensor) throws {
        let description = manifest.description
        let shard = manifest.shards.count
        let indices = description.indices(ofShard: shard)
        var tensors: OrderedDictionary = ["images": images]
        if description.classCount > 0 {
            tensors["labels"] = Tensor(indices.map { $0 % description.classCount })
        }
        let url = PairManifest.url(ofShard: shard, in: folder)
        try SafetensorsFile.write(
            tensors,
            metadata: [
                "seed": "\(description.seed)", "purpose": "pair.z", "first": "\(indices.lowerBound)",
                "teacher": description.teacher, "sampler": description.sampler,
            ],
            to: url)
        manifest.shards.append(sha256(try Data(contentsOf: url, options: .alwaysMapped)))
        try manifest.write(to: folder)
    }
}
