// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Encoders
import Foundation
import Images
import Models
import Torch
import Training

/// Trains a tiny model of Stable Diffusion's kind from images and captions, and writes it as a folder that `dmd` and
/// diffusers read.
@main
struct TextTeacher: ParsableCommand {
    @Option(help: "The folder to write.")
    var out = "tiny-sd"

    @Option(help: "The folder of Fashion-MNIST's files (default: data/fashion-mnist, or Debian's).")
    var images: String?

    @Option(
        help: """
            Images with captions to write to OUT-images/train, for losses that read real images, and a fourth as many to \
            OUT-images/test, to measure distances from.
            """)
    var realImages = 8_000

    @Option(
        name: .customLong("set"), help: "A setting, such as teacher.steps=500; may be given several times.")
    var overrides: [String] = []

    func run() throws {
        LibTorch.keepFreedMemory()
        LibTorch.threads = ProcessInfo.processInfo.activeProcessorCount
        LibTorch.operatorThreads = 1  // Parts of a batch run side by side instead.
        Interruption.listen()
        let settings = try Settings.resolved(overrides: overrides)
        let source = URL(filePath: images ?? Self.fashionMNIST)
        let clothes = try ColouredClothes(at: source)
        let folder = URL(filePath: out)
        let written = URL(filePath: "\(out)-images")
        try clothes.write(realImages, to: written.appending(path: "train"), seed: 0)
        try ColouredClothes(at: source, split: .test)
            .write(realImages / 4, to: written.appending(path: "test"), seed: 1)

        let autoencoder = try trainAutoencoder(settings.autoencoder, clothes)
        try saveAutoencoder(autoencoder, to: folder.appending(path: "vae"))

        let captions = ColouredClothes.captions
        let tokenizerFolder = folder.appending(path: "tokenizer")
        try CLIPVocabulary(learning: captions).write(to: tokenizerFolder, length: Teacher.length)
        let tokenizer = try CLIPTokenizer(folder: tokenizerFolder)
        let teacher = try trainTeacher(settings.teacher, clothes, autoencoder, tokenizer)
        try saveTextEncoder(teacher.textEncoder, to: folder.appending(path: "text_encoder"))
        try saveUNet(teacher.unet, to: folder.appending(path: "unet"))
        try saveModelIndex(Teacher.scheduler, to: folder)
        try Data((captions.joined(separator: "\n") + "\n").utf8)
            .write(to: folder.appending(path: "captions.txt"), options: .atomic)
        print(
            "The teacher is in \(out): dmd sample --weights \(out) --prompt '\(captions[0])' --steps 50 --guidance 3"
        )
    }

    private static var fashionMNIST: String {
        let own = "data/fashion-mnist"
        return FileManager.default.fileExists(atPath: own) ? own : "/usr/share/datasets/fashion-mnist"
    }

    private func trainAutoencoder(_ settings: StageSettings, _ clothes: ColouredClothes) throws
        -> AutoencoderKL
    {
        let descent = autoencoderDescent(settings, clothes)
        try train(descent, "autoencoder") {
            var stream = RandomStream(seed: 0, purpose: "autoencoder.sample")
            let images = try clothes.batch(20, from: &stream).images
            let autoencoder = descent.averaged()
            let restored = withoutGradients { autoencoder.decode(autoencoder.encode(images)) }
            return Grid(columns: 20, scale: 2).compose(Image.images(from: .concatenated([images, restored])))
        }
        return try scaled(descent.averaged(), clothes)
    }

    private func trainTeacher(
        _ settings: StageSettings, _ clothes: ColouredClothes, _ autoencoder: AutoencoderKL,
        _ tokenizer: CLIPTokenizer
    ) throws -> Teacher {
        let tokens = CaptionTokens(ColouredClothes.captions, tokenizer: tokenizer)
        let descent = teacherDescent(
            settings, clothes, autoencoder, tokens, vocabularySize: tokenizer.vocabularySize)
        let colours = ColouredClothes.palette.count
        let shown = ColouredClothes.garments.indices.flatMap { garment in
            (0..<colours).map { ColouredClothes.caption(garment: garment, colour: $0) }
        }
        try train(descent, "teacher") {
            let images = sample(descent.averaged(), autoencoder, tokens, captions: shown)
            return Grid(columns: colours, scale: 2).compose(Image.images(from: images))
        }
        return descent.averaged()
    }

    /// Trains to the end, or goes on where an earlier run in the same folder stopped.
    private func train<Network: Module>(
        _ descent: Descent<Network>, _ name: String, picture: @escaping () throws -> Image
    ) throws {
        print("\(name): \(descent.parameterCount.formatted()) parameters")
        let folder = RunFolder(URL(filePath: "\(out)-runs").appending(path: name))
        var run = Run(descent, settings: descent.settings, in: folder)
        run.report = { step, scalars in
            print(
                "  step \(step) of \(descent.stepCount)", String(format: "loss %.4f", scalars["loss"] ?? .nan)
            )
            return ""
        }
        run.warn = { print("  \($0)") }
        run.isInterrupted = { Interruption.isRequested }
        run.sample = { step, _ in
            try picture().write(to: folder.samples.appending(path: String(format: "step-%06d.png", step)))
            return nil
        }
        if case .interrupted(let step) = try run.run() {
            print("Stopped after step \(step): the same command goes on.")
            throw ExitCode(130)
        }
    }
}
