// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Evaluation
import Foundation
import Models
import Torch
import Weights

/// A teacher of EDM's kind, whose samples are images.
struct PixelTeacher: TeacherModel {
    let network: EDMDenoiser
    let fingerprint: String

    init(network: EDMDenoiser) {
        self.network = network
        fingerprint = Weights.fingerprint(of: network.state)
    }

    var conditions: (any Conditions)? { nil }
    var prompts: PairDescription.Prompts? { nil }
    var imageShape: [Int] { network.sampleShape }

    func makeNetwork() -> EDMDenoiser { network.untrained() }

    func samplerName(steps: Int) -> String { "heun, \(steps) steps" }

    func samples(of z: Tensor, condition: Tensor?, steps: Int) -> Tensor {
        network.makeImages(from: z, condition: condition, steps: steps)
    }

    func images(of samples: Tensor) -> Tensor { samples }

    func distances(_ lpips: LPIPS) -> (full: Distance, tiny: Distance?) { ({ lpips($0, $1) }, nil) }

    func generation(of network: EDMDenoiser, steps: Int, seed: UInt64) -> Generation {
        Generation(denoiser: network, steps: steps, seed: seed)
    }

    func save(_ generator: EDMDenoiser, as name: String, in folder: URL, metadata: [String: String]) throws
        -> URL
    {
        let file = folder.appending(path: "\(name).safetensors")
        try saveDenoiser(generator, to: file, metadata: metadata)
        return file
    }
}
