// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
import OrderedCollections
public import Torch

/// Real samples with what each is conditioned on, such as its class, from which a discriminator tells generated ones.
public protocol RealImages: Sendable {
    /// How many there are, at least 1.
    var count: Int { get }

    /// The samples of the given numbers, each below ``count``: images in [-1, 1], or latents.
    ///
    /// - Returns: float32 on the CPU, a row for each number; the condition as the teacher takes it, nil where it takes none.
    func callAsFunction(_ numbers: [Int]) throws -> (samples: Tensor, condition: Condition?)
}

extension RealImages {
    /// Whether they are like a teacher's samples.
    ///
    /// - Throws: ``DistillationError/foreignRealImages(what:expected:found:)``.
    func check(like teacher: some Denoiser) throws {
        let (samples, condition) = try self([0])
        let classes = condition?.classes.map { $0.shape[1] } ?? 0
        var names: [String] = []
        if case .named(let expected) = teacher.conditioning { names = expected }
        let given = condition?.tensors.keys.filter { $0 != "classes" } ?? []
        func list(_ names: [String]) -> String { names.isEmpty ? "nothing" : names.joined(separator: ", ") }
        for (what, expected, found) in [
            ("shape", "\(teacher.sampleShape)", "\(Array(samples.shape.dropFirst()))"),
            ("number of classes", "\(teacher.classCount)", "\(classes)"),
            ("condition", list(names), list(given)),
        ] where expected != found {
            throw DistillationError.foreignRealImages(what: what, expected: expected, found: found)
        }
    }
}

/// Real samples of a batch.
struct RealBatch: Sendable {
    let samples: Tensor
    let condition: Condition?

    /// What the stream is called that names the order of real samples.
    static let orderStream = "distill.real"

    /// Samples of an update: every epoch takes all once, in an order of its own.
    ///
    /// - Parameters:
    ///   - places: which of the update's samples.
    ///   - count: how many an update has.
    ///   - number: that of the update in the run.
    init(
        _ images: any RealImages, at places: [Int], of count: Int, update number: Int, seed: UInt64,
        device: Device
    ) throws {
        let order = EpochOrder(count: images.count, seed: seed, purpose: Self.orderStream)
        let (samples, condition) = try images(
            places.flatMap { order(number * count + $0..<number * count + $0 + 1) })
        self.samples = samples.to(device)
        self.condition = condition?.to(device)
    }
}
