// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite("Teacher files")
struct TeacherFileTests {
    private static let configuration = {
        var configuration = UNetConfiguration.fashionMNIST
        configuration.modelChannels = 8
        configuration.augmentDim = 9
        return configuration
    }()

    private let url = FileManager.default.temporaryDirectory.appending(
        path: "\(UUID().uuidString).safetensors")

    @Test("what is saved is loaded, bit for bit")
    func roundTrip() throws {
        defer { try? FileManager.default.removeItem(at: url) }
        let denoiser = Self.configuration.makeDenoiser(seed: 1)
        try saveDenoiser(denoiser, to: url, metadata: ["origin": "test"])
        let loaded = try loadDenoiser(at: url)

        #expect((loaded.model as? any UNet)?.configuration == Self.configuration)
        #expect(DenoiserDescription(of: loaded) == DenoiserDescription(of: denoiser))
        #expect(loaded.state.keys == denoiser.state.keys)
        for (name, tensor) in denoiser.state {
            #expect(loaded.state[name]?.array() == tensor.array(as: Float.self))
        }
        #expect(try SafetensorsFile(url).metadata["origin"] == "test")
    }

    @Test("half-precision weights are loaded as float32")
    func halfPrecision() throws {
        defer { try? FileManager.default.removeItem(at: url) }
        let denoiser = Self.configuration.makeDenoiser(seed: 1)
        try saveDenoiser(denoiser, to: url, dtype: .float16)
        #expect(try SafetensorsFile(url).dtype(of: "model.map_layer0.weight") == .float16)
        for (name, tensor) in try loadDenoiser(at: url).state {
            #expect(tensor.dtype == .float32)
            let original = try #require(denoiser.state[name])
            #expect(relativeDifference(tensor, original.to(.float16).to(.float32)) == 0)
        }
    }

    @Test(
        "a description that cannot be used is refused",
        arguments: [
            ("{", "it is not JSON"), (#"{"preconditioning": {"type": "edm"}}"#, "it lacks `network`"),
            (description(sigmaData: "\"x\""), "`preconditioning.sigmaData` has the wrong type"),
            (description(sigmaData: "0"), "`preconditioning` has an unknown value"),
            (description(arch: "transformer"), "`network.arch` has an unknown value"),
            (description(resolution: 30), "`imgResolution` is 30"),
        ])
    func unusableDescription(json: String, reason: String) throws {
        defer { try? FileManager.default.removeItem(at: url) }
        try SafetensorsFile.write(
            Self.configuration.makeDenoiser(seed: 1).state,
            metadata: ["dmd.architecture": json], to: url)
        let error = try #require(throws: TeacherFileError.self) { try loadDenoiser(at: url) }
        #expect(error.description.contains(reason) && error.description.contains(url.path))
    }

    @Test("weights without a description are known by their tensors")
    func inference() throws {
        defer { try? FileManager.default.removeItem(at: url) }
        let denoiser = Self.configuration.makeDenoiser(seed: 1)
        try SafetensorsFile.write(denoiser.state, metadata: [:], to: url)
        let loaded = try loadDenoiser(at: url)
        #expect(DenoiserDescription(of: loaded) == DenoiserDescription(of: denoiser))
        for (name, tensor) in denoiser.state {
            #expect(loaded.state[name]?.array() == tensor.array(as: Float.self))
        }
    }

    @Test("weights of no known network are refused")
    func foreignWeights() throws {
        defer { try? FileManager.default.removeItem(at: url) }
        try SafetensorsFile.write(["conv1.weight": .ones([2, 3])], metadata: [:], to: url)
        let error = try #require(throws: TeacherFileError.self) { try loadDenoiser(at: url) }
        #expect(
            error.description
                == "\(url.path) holds no network that is known: it has no tensor like "
                + "'model.enc.32x32_conv.weight'; use weights of EDM's networks, or of a teacher that was trained here."
        )
    }

    @Test(
        "weights of models that are folders are told as such",
        arguments: [
            (
                "model.diffusion_model.input_blocks.0.0.weight",
                "it is a whole model of Stable Diffusion in a single file, of which `dmd convert FILE FOLDER"
            ),
            ("down_blocks.0.resnets.0.conv1.weight", "it is a part of a model in the layout of diffusers"),
            ("text_model.final_layer_norm.weight", "it is a part of a model in the layout of diffusers"),
        ])
    func otherModels(tensor: String, words: String) throws {
        defer { try? FileManager.default.removeItem(at: url) }
        try SafetensorsFile.write([tensor: .ones([2, 3])], metadata: [:], to: url)
        let error = try #require(throws: TeacherFileError.self) { try loadDenoiser(at: url) }
        #expect(error.description.contains("holds no network that is known: \(words)"))
    }

    @Test("weights that do not fit the description are refused by file and name")
    func mismatch() throws {
        defer { try? FileManager.default.removeItem(at: url) }
        try saveDenoiser(Self.configuration.makeDenoiser(seed: 1), to: url)
        let file = try SafetensorsFile(url)
        var state = file.all()
        state["model.map_label.weight"] = nil
        try SafetensorsFile.write(state, metadata: file.metadata, to: url)
        let error = try #require(throws: TeacherFileError.self) { try loadDenoiser(at: url) }
        #expect(error.description.contains(url.path) && error.description.contains("model.map_label.weight"))
    }

    /// A description as a file holds it, with one thing changed.
    private static func description(
        arch: String = "ddpmpp", sigmaData: String = "0.5", resolution: Int = 28
    ) -> String {
        """
        {"preconditioning": {"type": "edm", "sigmaData": \(sigmaData)}, "network": {"arch": "\(arch)",
        "imgResolution": \(resolution), "imgChannels": 1, "labelDim": 10, "augmentDim": 9, "modelChannels": 8,
        "channelMult": [1, 2, 2], "channelMultEmb": 4, "numBlocks": 1, "attnResolutions": [7],
        "channelsPerHead": 64, "predictsVariance": false}}
        """
    }
}
