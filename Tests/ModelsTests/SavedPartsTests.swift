// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Encoders
import Foundation
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite("Parts of Stable Diffusion that are written")
final class SavedPartsTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

    deinit { try? FileManager.default.removeItem(at: folder) }

    @Test("a U-Net")
    func unet() throws {
        let part = try loadUNet(folder: fixture("stable-diffusion/unet"))
        try saveUNet(part, to: folder)
        let found = try loadUNet(folder: folder)
        #expect(found.configuration == part.configuration)
        expectSame(found, part)
    }

    @Test("a text encoder, under the names of all versions of transformers")
    func textEncoder() throws {
        let part = try loadTextEncoder(folder: fixture("stable-diffusion/text_encoder"))
        try saveTextEncoder(part, to: folder)
        let found = try loadTextEncoder(folder: folder)
        #expect(found.configuration == part.configuration)
        expectSame(found, part)
        let file = try SafetensorsFile(folder.appending(path: "model.safetensors"))
        #expect(file.names.allSatisfy { $0.hasPrefix("text_model.") })
    }

    @Test("an autoencoder")
    func autoencoder() throws {
        let part = try #require(loadAutoencoder(folder: fixture("stable-diffusion/vae")) as? AutoencoderKL)
        try saveAutoencoder(part, to: folder)
        let found = try #require(loadAutoencoder(folder: folder) as? AutoencoderKL)
        #expect(found.configuration == part.configuration)
        expectSame(found, part)
    }

    @Test("a tiny autoencoder")
    func tinyAutoencoder() throws {
        var configuration = AutoencoderTinyConfiguration()
        configuration.channels = 4
        configuration.encoderBlocks = [1, 2]
        configuration.decoderBlocks = [2, 1]
        configuration.scalingFactor = 0.5
        var stream = RandomStream(seed: 1, purpose: "autoencoder")
        let part = AutoencoderTiny(configuration, from: &stream)
        try saveAutoencoder(part, to: folder)
        let found = try #require(loadAutoencoder(folder: folder) as? AutoencoderTiny)
        #expect(found.configuration == configuration)
        expectSame(found, part)
    }

    @Test(
        "the settings of each sampler", arguments: SchedulerConfiguration.Sampler.allCases,
        [StepSpacing.leading(offset: 1), .trailing, .linspace])
    func scheduler(sampler: SchedulerConfiguration.Sampler, spacing: StepSpacing) throws {
        var settings = SchedulerConfiguration()
        settings.sampler = sampler
        settings.spacing = spacing
        settings.prediction = .velocity
        settings.betas.spacing = .linear
        settings.betas.count = 50
        try saveModelIndex(settings, to: folder)
        #expect(try SchedulerConfiguration(ofModel: folder) == settings)
    }

    private func expectSame(_ found: some Module, _ expected: some Module) {
        #expect(found.state.keys == expected.state.keys)
        for (name, tensor) in expected.state {
            #expect(found.state[name]?.array(as: Float.self) == tensor.array(as: Float.self), "\(name)")
        }
    }
}
