// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import OrderedCollections
import Torch

/// A file of `Tests/Fixtures`.
func fixture(_ name: String) -> URL {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/\(name)")
        .standardizedFileURL
}

extension SafetensorsFile {
    /// The tensors whose names begin with `prefix`, without it, as `dtype`.
    func tensors(under prefix: String, as dtype: DType) throws -> [String: Tensor] {
        var found: [String: Tensor] = [:]
        for name in names where name.hasPrefix(prefix) {
            found[String(name.dropFirst(prefix.count))] = try tensor(name).to(dtype)
        }
        return found
    }
}

/// The network of the parity fixtures, with its weights.
func fixtureDenoiser(as dtype: DType) throws -> EDMDenoiser {
    var configuration = DDPMppConfiguration()
    configuration.imgResolution = 12
    configuration.imgChannels = 1
    configuration.labelDim = 4
    configuration.modelChannels = 4
    configuration.channelMult = [1, 2, 2]
    configuration.numBlocks = 1
    configuration.attnResolutions = [6]
    let denoiser = configuration.makeDenoiser(seed: 0)
    denoiser.convert(to: dtype)
    let weights = try SafetensorsFile(fixture("denoiser.safetensors")).tensors(under: "state.", as: dtype)
    try denoiser.load(.init(uniqueKeysWithValues: weights.map { ($0, $1) }))
    return denoiser
}

/// The ideal denoiser of normal data with mean 0: `mu = alpha v x_t / (alpha^2 v + sigma^2)` with the data's variance `v`.
final class GaussianDenoiser: Denoiser {
    let schedule: any NoiseSchedule
    let sampleShape = [1, 2, 2]
    let classCount = 0
    let deviation: Double
    private(set) var evaluations: [DType] = []

    init(_ schedule: any NoiseSchedule, deviation: Double) {
        self.schedule = schedule
        self.deviation = deviation
    }

    var members: [Member] { [] }

    func callAsFunction(_ x: Tensor, at level: NoiseLevel, condition: Tensor?) -> Tensor {
        evaluations.append(x.dtype)
        let variance = deviation * deviation
        return level.alpha * x * variance / (level.alpha.square() * variance + level.sigma.square())
    }
}
