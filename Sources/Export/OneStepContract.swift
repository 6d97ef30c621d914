// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Files
public import Foundation
public import Models
import Torch
import Weights

/// All that a program must know to make images with a one-step generator: `contract.json` in its folder.
///
///     latents = mu(noiseScale z, timestep | prompt),   image = decode(latents / scalingFactor)
///
/// with `mu` the clean sample that belongs to the network's prediction, see `PredictionType`. A generator of several steps goes on at each
/// further of its ``timesteps`` with `latents = mu(alpha latents + sigma z, timestep | prompt)` and fresh noise `z`.
public struct OneStepContract: Codable, Equatable, Sendable {
    /// What unit normal noise is multiplied by before the network sees it.
    public var noiseScale: Double
    /// The first time step that the network is evaluated at, in one step the only one.
    public var timestep: Int
    /// All of them, falling; nil where there is one.
    public var timesteps: [Int]?
    /// `alpha` at each of the ``timesteps``.
    public var alphas: [Double]?
    /// `alpha` at that step; `sigma` is `sqrt(1 - alpha^2)`.
    public var alpha: Double
    /// What the network predicts.
    public var prediction: PredictionType
    /// The guidance that the network has taken in: the prompt alone is given to it, without any more guidance.
    public var guidance: Double
    /// The shape of the latents of an image as the model was trained on, `[C, h, w]`.
    public var latentShape: [Int]
    /// What the autoencoder's latents are multiplied by to be those of the network.
    public var scalingFactor: Double
    /// The darkest and the brightest value of an image; values beyond are to be clamped.
    public var outputRange: [Double]
    /// Whether layers of the network and the autoencoder have weights in int8, with `weight_scale`, `input_scale` and `input_zero_point`
    /// beside them; nil where none has.
    public var isInt8: Bool?
    /// The SHA-256 of each file of weights, by its path in the folder.
    public var weights: [String: String]

    private static let file = "contract.json"

    /// Reads the contract of a generator.
    ///
    /// - Throws: ``OneStepModelError/noContract(folder:)``, `ModelFolderError` for a file that cannot be used.
    public init(of folder: URL) throws {
        guard Self.exists(in: folder) else { throw OneStepModelError.noContract(folder: folder.path) }
        self = try ModelFolder.decode(Self.self, from: folder.appending(path: Self.file))
    }

    /// Compares the files of weights in a folder with those that the contract names.
    ///
    /// - Throws: ``OneStepModelError/otherWeights(file:expected:found:)``, `ModelFolderError` for a file that is not there.
    public func checkWeights(in folder: URL) throws {
        for (path, expected) in weights.sorted(by: { $0.key < $1.key }) {
            let file = folder.appending(path: path)
            let found = try sha256(ofFile: file)
            guard found == expected else {
                throw OneStepModelError.otherWeights(file: file.path, expected: expected, found: found)
            }
        }
    }

    /// - Throws: ``OneStepModelError/isInt8(folder:)`` for weights that other programs do not take.
    public func requireFloats(in folder: URL) throws {
        if isInt8 == true { throw OneStepModelError.isInt8(folder: folder.path) }
    }

    /// The contract of a generator whose parts lie in a folder.
    init(ofWeightsIn folder: URL, scheduler: SchedulerConfiguration, guidance: Double) throws {
        let schedule = scheduler.schedule
        noiseScale = schedule.initialScale
        timestep = schedule.count - 1
        alpha = schedule.level(at: Tensor([timestep])).alpha.item()
        if scheduler.generatorSteps > 1 {
            let levels = scheduler.generatorLevels(steps: scheduler.generatorSteps)
            timesteps = levels
            alphas = schedule.level(at: Tensor(levels)).alpha.array(as: Double.self)
        }
        prediction = scheduler.prediction
        self.guidance = guidance
        let parts: KeyValuePairs<String, (URL) -> ModelFolder> = [
            "unet": { .unet($0) }, "vae": { .autoencoder($0) }, "text_encoder": { .textEncoder($0) },
        ]
        let unet: UNet2DConditionConfiguration =
            try ModelFolder.unet(folder.appending(path: "unet")).configuration()
        latentShape = [unet.inChannels, unet.sampleHeight, unet.sampleWidth]
        let autoencoder: AutoencoderConfiguration =
            try ModelFolder.autoencoder(folder.appending(path: "vae")).configuration()
        scalingFactor = autoencoder.scalingFactor
        outputRange = [-1, 1]
        weights = [:]
        for (part, name) in parts {
            let file = name(folder.appending(path: part)).weights
            weights["\(part)/\(file.lastPathComponent)"] = try sha256(ofFile: file)
        }
    }

    func write(to folder: URL) throws {
        try ModelFolder.encode(self, to: folder.appending(path: Self.file))
    }

    /// Whether a folder has a contract.
    public static func exists(in folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: file).path)
    }
}
