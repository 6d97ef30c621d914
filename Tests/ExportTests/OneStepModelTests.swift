// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Export
import Files
import Foundation
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite("One-step generators of Stable Diffusion")
final class OneStepModelTests {
    private let parent = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    private let teacher = fixture("stable-diffusion")
    private var folder: URL { parent.appending(path: "generator") }

    init() throws { try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: parent) }

    @Test("what is written makes the images of its network", arguments: [DType.float32, .float16])
    func roundTrip(dtype: DType) throws {
        let unet = try makeUNet()
        try saveOneStepModel(unet, teacher: teacher, to: folder, dtype: dtype, guidance: 3)
        let model = try StableDiffusion(folder: folder)
        for (name, tensor) in unet.state {
            let found = try #require(model.unet.state[name])
            #expect(found.array(as: Float.self) == tensor.to(dtype).array(as: Float.self), "\(name)")
        }
        #expect(model.unet.configuration == unet.configuration)
        #expect(
            try StableDiffusion(folder: teacher).promptEncoder.network.state.keys
                == model.promptEncoder.network.state.keys)
        for file in Self.weights {
            let file = try SafetensorsFile(folder.appending(path: file))
            #expect(try file.names.allSatisfy { try file.dtype(of: $0) == dtype })
        }
        // transformers computes in the type that is named here, diffusers in float32.
        let settings = try Data(contentsOf: folder.appending(path: "text_encoder/config.json"))
        struct Settings: Decodable { let dtype: String }
        #expect(try JSONDecoder().decode(Settings.self, from: settings).dtype == "float32")
        #expect(
            FileManager.default.contentsEqual(
                atPath: folder.appending(path: "unet/config.json").path,
                andPath: teacher.appending(path: "unet/config.json").path))
        let images = try model.images(of: ["ab"], seed: 1)
        let noise = sampleNoise([0], seed: 1, shape: [2, 8, 8])
        let generator = Generator(StableDiffusionDenoiser(model.unet))
        let expected = model.autoencoder.decode(
            withoutGradients { generator(noise, given: model.promptEncoder(["ab"]).condition) })
        #expect(relativeDifference(images, expected) < 1e-5)
    }

    @Test("its steps are one")
    func oneStep() throws {
        try saveOneStepModel(makeUNet(), teacher: teacher, to: folder, guidance: 3)
        let model = try StableDiffusion(folder: folder)
        #expect(throws: Never.self) { try model.folder.scheduler.check(steps: 1) }
        let error = try #require(throws: StableDiffusionError.self) {
            try model.images(of: ["ab"], steps: 4)
        }
        #expect(
            error.description
                == "The model is a generator of one step and cannot take 4: give 1, or use the model it was distilled from."
        )
    }

    @Test(
        "several steps go from level to level with fresh noise, which the file of the scheduler and the contract tell"
    )
    func fewSteps() throws {
        let unet = try makeUNet()
        try saveOneStepModel(unet, teacher: teacher, to: folder, steps: 4, guidance: 3)
        let model = try StableDiffusion(folder: folder)
        let scheduler = model.folder.scheduler
        // As diffusers' LCMScheduler has it with original_inference_steps = 4.
        #expect(scheduler.generatorLevels(steps: 4) == [999, 749, 499, 249])
        #expect(scheduler.generatorLevels(steps: 3) == [999, 749, 499])
        #expect(scheduler.generatorLevels(steps: 2) == [999, 499])
        #expect(model.folder.usualSteps == 4 && model.folder.usualGuidance(steps: 4) == 1)
        let error = try #require(throws: StableDiffusionError.self) { try scheduler.check(steps: 5) }
        #expect(error.description.contains("a generator of 4 steps and cannot take 5: give from 1 to 4"))
        let contract = try OneStepContract(of: folder)
        #expect(contract.timestep == 999 && contract.timesteps == [999, 749, 499, 249])
        #expect(contract.alphas?.count == 4 && contract.alphas?.first == contract.alpha)

        let denoiser = model.denoiser(guidance: 1)
        let prompts = model.promptEncoder(["ab", "c", "a"]).condition
        func noise(_ step: Int) -> Tensor { freshNoise([0, 1, 2], seed: 5, shape: [2, 8, 8], step: step) }
        let found = scheduler.sample(denoiser, noise: noise(0), given: prompts, steps: 2, fresh: noise)
        let schedule = scheduler.schedule
        func level(_ number: Int) -> NoiseLevel { schedule.level(at: Tensor([number, number, number])) }
        let first = withoutGradients { denoiser(noise(0), at: level(999), given: prompts) }
        let between = level(499).matching(first)
        let expected = withoutGradients {
            denoiser(between.alpha * first + between.sigma * noise(1), at: level(499), given: prompts)
        }
        #expect(relativeDifference(found, expected) < 1e-5)
        #expect(relativeDifference(found, first) > 1e-3)

        let copy = parent.appending(path: "copy")
        try copyOneStepModel(folder, to: copy, dtype: .float32)
        #expect(try OneStepContract(of: copy).timesteps == [999, 749, 499, 249])
    }

    @Test("one step is diffusers' of LCMScheduler", arguments: PredictionType.allCases)
    func parity(prediction: PredictionType) throws {
        let file = try SafetensorsFile(fixture("stable-diffusion-images.safetensors"))
        var scheduler = try SchedulerConfiguration(ofModel: teacher)
        scheduler.sampler = .generator
        scheduler.prediction = prediction
        try FileManager.default.copyItem(at: teacher, to: folder)
        try saveModelIndex(scheduler, to: folder)
        let model = try StableDiffusion(folder: folder)
        #expect(model.folder.scheduler == scheduler)
        struct Made: Decodable { let prompts: [String] }
        let made = try JSONDecoder().decode(Made.self, from: Data(try #require(file.metadata["made"]).utf8))
        let latents = model.folder.scheduler.sample(
            model.denoiser(), noise: try file.tensor("z"),
            given: model.promptEncoder(made.prompts).condition,
            steps: 1)
        let name = "LCMScheduler.\(prediction.rawValue)"
        #expect(relativeDifference(latents, try file.tensor("\(name).latents")) < 1e-5)
        #expect(
            relativeDifference(model.autoencoder.decode(latents), try file.tensor("\(name).images")) < 1e-5)
    }

    @Test("the contract says what the folder holds")
    func contract() throws {
        try saveOneStepModel(makeUNet(), teacher: teacher, to: folder, guidance: 7.5)
        let contract = try OneStepContract(of: folder)
        #expect(contract.noiseScale == 1 && contract.timestep == 999 && contract.guidance == 7.5)
        // The product of all 1 - beta is 0.0046601 for Stable Diffusion's schedule.
        #expect(abs(contract.alpha * contract.alpha - 0.0046601) < 1e-6)
        #expect(contract.prediction == .epsilon && contract.scalingFactor == 0.18215)
        #expect(contract.latentShape == [2, 8, 8] && contract.outputRange == [-1, 1])
        #expect(contract.weights.keys.sorted() == Self.weights)
        try contract.checkWeights(in: folder)

        let file = folder.appending(path: Self.weights[1])
        var data = try Data(contentsOf: file)
        data[data.count - 1] ^= 1
        try data.write(to: file)
        let error = try #require(throws: OneStepModelError.self) { try contract.checkWeights(in: folder) }
        #expect(
            error.description.hasPrefix(
                "\(file.path) was damaged or replaced, since its SHA-256 is "))
        let copy = parent.appending(path: "copy")
        #expect(throws: error) { try copyOneStepModel(folder, to: copy, dtype: .float32) }
        #expect(try names(in: parent) == ["generator"])
    }

    @Test("a copy has the same network in another type")
    func copy() throws {
        let unet = try makeUNet()
        try saveOneStepModel(unet, teacher: teacher, to: folder, guidance: 3)
        let copy = parent.appending(path: "deep/copy")
        try copyOneStepModel(folder, to: copy, dtype: .float16)
        let model = try StableDiffusion(folder: copy)
        for (name, tensor) in unet.state {
            let found = try #require(model.unet.state[name])
            #expect(found.array(as: Float.self) == tensor.to(.float16).array(as: Float.self), "\(name)")
        }
        let (made, copied) = (try OneStepContract(of: folder), try OneStepContract(of: copy))
        #expect(made.guidance == copied.guidance && made.weights != copied.weights)
        #expect(try names(in: folder) == names(in: copy))
    }

    @Test("a generator is replaced, and nothing else")
    func replacing() throws {
        try saveOneStepModel(makeUNet(), teacher: teacher, to: folder, guidance: 3)
        try saveOneStepModel(makeUNet(), teacher: teacher, to: folder, guidance: 4)
        #expect(try OneStepContract(of: folder).guidance == 4)
        #expect(try names(in: parent) == ["generator"])

        try FileManager.default.removeItem(at: folder.appending(path: "contract.json"))
        let error = try #require(throws: OneStepModelError.self) {
            try saveOneStepModel(makeUNet(), teacher: teacher, to: folder, guidance: 5)
        }
        #expect(
            error.description
                == "\(folder.path) exists and is no exported generator that could be replaced: name another folder, or remove "
                + "it.")
    }

    @Test("a teacher is no generator")
    func noGenerator() throws {
        let error = try #require(throws: OneStepModelError.self) {
            try copyOneStepModel(teacher, to: folder, dtype: .float32)
        }
        #expect(
            error.description
                == "\(teacher.path) is no one-step generator, since it has no contract.json: distil the model first, and name "
                + "the folder `generator` of that run.")
        #expect(try names(in: parent) == [])
    }

    @Test("a place that cannot be written is named, and nothing is left there")
    func unwritable() throws {
        try Data().write(to: parent.appending(path: "file"))
        let target = parent.appending(path: "file/generator")
        let error = try #require(throws: FileError.self) {
            try saveOneStepModel(makeUNet(), teacher: teacher, to: target, guidance: 3)
        }
        #expect(error.problem == .notAFolder && error.path == target.path)
        #expect(try names(in: parent) == ["file"])
    }

    @Test(
        "a disk that is full leaves the older generator, or nothing",
        arguments: [0, 300, 2_000, 12_000, 40_000] as [UInt], [false, true])
    func fullDisk(bytes: UInt, isOlder: Bool) async {
        await #expect(processExitsWith: .success) { [bytes, isOlder] in
            let tests = try OneStepModelTests()
            if isOlder {
                try saveOneStepModel(
                    tests.makeUNet(), teacher: tests.teacher, to: tests.folder, guidance: 3)
            }
            let unet = try tests.makeUNet()
            limitFiles(to: bytes)
            // The float16 weights of the teacher are of another type, so that all files are written.
            let error = #expect(throws: FileError.self) {
                try saveOneStepModel(unet, teacher: tests.teacher, to: tests.folder, guidance: 4)
            }
            limitFiles(to: nil)
            #expect(error?.problem == .other("file too large") && error?.path == tests.folder.path)
            #expect(try tests.names(in: tests.parent) == (isOlder ? ["generator"] : []))
            if isOlder {
                let contract = try OneStepContract(of: tests.folder)
                #expect(contract.guidance == 3)
                try contract.checkWeights(in: tests.folder)
            }
        }
    }

    private static let weights = [
        "text_encoder/model.safetensors", "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
    ]

    private func names(in folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    /// A network of the teacher's sizes with weights of its own.
    private func makeUNet() throws -> UNet2DConditionModel {
        var stream = RandomStream(seed: 7, purpose: "generator")
        return UNet2DConditionModel(
            try loadUNet(folder: teacher.appending(path: "unet")).configuration, from: &stream)
    }
}
