// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite("EDM's networks and samplers, against EDM")
struct EDMParityTests {
    private static let published = [
        "ddpmpp-labels", "ddpmpp-plain", "ncsnpp-labels", "ncsnpp-plain", "adm-labels", "adm-plain",
    ]
    private static let cases = published + ["vp", "ve", "iddpm"]

    @Test("results in float32 are EDM's", arguments: cases)
    func float32(name: String) throws {
        let (denoiser, tensors) = try load(name, as: .float32)
        let y = withoutGradients { denoiser(tensors.x, at: tensors.level, given: tensors.condition) }
        #expect(relativeDifference(y, try tensors.file.tensor("\(name).float32.y")) < 1e-5)
    }

    @Test("results and gradients in float64 are those of EDM's networks", arguments: cases)
    func float64(name: String) throws {
        let (denoiser, tensors) = try load(name, as: .float64)
        denoiser.setRequiresGrad(true)
        tensors.x.setRequiresGrad(true)
        let y = denoiser(tensors.x, at: tensors.level, given: tensors.condition)
        let expected = try tensors.file.tensors(under: "\(name).float64.", as: .float64)
        let judged = denoiser.parameters.filter { expected["gradient.\($0.key)"] != nil }
        let found = outputAndGradients(
            y, along: try tensors.file.tensor("\(name).v").to(.float64),
            with: Dictionary(uniqueKeysWithValues: judged.map { ($0.key, $0.value) }).merging([
                "x": tensors.x
            ]) { $1 })
        #expect(differences(found, from: expected, tolerance: 1e-10) == [])
        if Self.published.contains(name) {
            // Labels of augmentation play no part in an evaluation, and so have no gradient.
            #expect(judged.count == denoiser.parameters.keys.filter { !$0.contains("map_augment") }.count)
        }
    }

    @Test(
        "samplers give EDM's images", arguments: cases, ["heun", "stochastic", "euler"])
    func samplers(name: String, sampler: String) throws {
        let (denoiser, _) = try load(name, as: .float32)
        let file = try SafetensorsFile(fixture("edm-samplers.safetensors"))
        let z = try file.tensor("\(name).z")
        let condition = try labels(name, file).map { Condition.classes($0) }
        let fresh = try file.tensor("\(name).fresh")
        let images =
            switch sampler {
            case "heun": heun(denoiser, noise: z, given: condition, steps: 6)
            case "euler": euler(denoiser, noise: z, given: condition, steps: 6)
            default:
                stochasticHeun(
                    denoiser, noise: z, given: condition, steps: 6,
                    churn: Churn(amount: 2, minimum: 0.05, maximum: 50, deviation: 1.003),
                    fresh: { fresh.selected(dim: 0, index: $0) })
            }
        #expect(relativeDifference(images, try file.tensor("\(name).\(sampler)")) < 1e-5)
    }

    @Test("a network's sizes show in its tensors", arguments: cases)
    func inference(name: String) throws {
        let denoiser = try load(name, as: .float32).denoiser
        var expected = try #require(DenoiserDescription(of: denoiser)).network
        expected.channelsPerHead = 64
        #expect(
            try UNetConfiguration(inferredFrom: denoiser.model.state.mapValues(\.shape)) == expected)
    }

    private struct Inputs {
        let file: SafetensorsFile
        let x: Tensor
        let level: NoiseLevel
        let condition: Condition?
    }

    /// The classes of a case that has some.
    private func labels(_ name: String, _ file: SafetensorsFile) throws -> Tensor? {
        #expect(file.names.contains("\(name).labels") == name.hasSuffix("-labels"))
        return name.hasSuffix("-labels") ? try file.tensor("\(name).labels") : nil
    }

    /// A network with EDM's random weights, and what it is evaluated on.
    private func load(_ name: String, as dtype: DType) throws -> (denoiser: EDMDenoiser, inputs: Inputs) {
        let file = try SafetensorsFile(fixture("edm.safetensors"))
        let weights = try file.tensors(under: "\(name).state.", as: dtype)
        let x = try file.tensor("\(name).x").to(dtype)
        let labels = try labels(name, file)?.to(dtype)

        var network = UNetConfiguration()
        network.arch =
            switch name {
            case let name where name.hasPrefix("ncsnpp") || name == "ve": .ncsnpp
            case let name where name.hasPrefix("adm") || name == "iddpm": .adm
            default: .ddpmpp
            }
        network.imgResolution = x.shape[2]
        network.imgChannels = 1
        network.labelDim = labels?.shape[1] ?? 0
        network.augmentDim = weights["model.map_augment.weight"]?.shape[1] ?? 0
        network.modelChannels = 4
        network.channelMult = [1, 2]
        network.channelMultEmb = 1
        network.numBlocks = 1
        network.attnResolutions = labels == nil ? [] : [6]
        network.channelsPerHead = network.arch == .adm ? 4 : 64
        network.predictsVariance = name == "iddpm"
        let scalings: PreconditioningDescription =
            switch name {
            case "vp": .vp(.init())
            case "ve": .ve(.init())
            case "iddpm": .iddpm(.init())
            default: .edm(.init())
            }
        let denoiser = try makeDenoiser(
            DenoiserDescription(network: network, preconditioning: scalings),
            weights: .init(uniqueKeysWithValues: weights.map { ($0, $1) }), file: "edm.safetensors")
        denoiser.convert(to: dtype)
        let level = NoiseLevel(sigma: try file.tensor("\(name).sigma").to(dtype))
        return (
            denoiser,
            Inputs(file: file, x: x.cloned(), level: level, condition: labels.map { Condition.classes($0) })
        )
    }
}
