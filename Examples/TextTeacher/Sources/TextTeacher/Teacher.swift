// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Encoders
import Models
import Torch

/// The networks that learn together in the second stage.
final class Teacher: Module {
    /// How many tokens a caption has.
    static let length = 16

    let textEncoder: CLIPTextModel
    let unet: UNet2DConditionModel

    init(vocabularySize: Int) {
        var stream = RandomStream(seed: 0, purpose: "teacher.weights")
        var text = CLIPTextConfiguration()
        text.vocabularySize = vocabularySize
        text.hiddenSize = 64
        text.intermediateSize = 256
        text.layers = 2
        text.heads = 4
        text.positions = Self.length
        textEncoder = CLIPTextModel(text, from: &stream)
        var sizes = UNet2DConditionConfiguration()
        (sizes.sampleHeight, sizes.sampleWidth) = (8, 8)
        sizes.blockOutChannels = [48, 96]
        sizes.layersPerBlock = 1
        sizes.downAttends = [true, true]
        sizes.upAttends = [true, true]
        sizes.headCounts = [2, 4]
        sizes.crossAttentionDim = text.hiddenSize
        sizes.normGroups = 16
        unet = UNet2DConditionModel(sizes, from: &stream)
    }

    var children: [Child] { [.module("text_encoder", textEncoder), .module("unet", unet)] }

    /// How the folder that comes of it is sampled.
    static let scheduler = {
        var scheduler = SchedulerConfiguration()
        scheduler.sampler = .ddim
        return scheduler
    }()
}

/// Captions as tokens: a row for each, and one for none.
struct CaptionTokens {
    private let table: Tensor
    /// The number of the row that stands for no caption.
    let none: Int

    init(_ captions: [String], tokenizer: CLIPTokenizer) {
        let rows = (captions + [""]).map { tokenizer.prompt($0, length: Teacher.length).tokens }
        table = Tensor(rows.flatMap { $0 }, shape: [rows.count, Teacher.length])
        none = captions.count
    }

    /// The tokens of captions by their numbers, int64 `[N, 16]`.
    subscript(_ numbers: Tensor) -> Tensor { table.indexed(by: numbers) }
}

/// The second stage: the networks learn which noise is in a noised latent with a caption. Every tenth caption is left out, so
/// that there is something for guidance to lead away from.
///
///     |eps - unet(alpha z + sigma eps, t, text(caption))|^2
///
/// Source: Rombach et al. 2022, equation 3 (arXiv 2112.10752); Ho and Salimans 2022, algorithm 1 (arXiv 2207.12598).
func teacherDescent(
    _ settings: StageSettings, _ clothes: ColouredClothes, _ autoencoder: AutoencoderKL,
    _ tokens: CaptionTokens, vocabularySize: Int
) -> Descent<Teacher> {
    let schedule = Teacher.scheduler.schedule
    return Descent(settings, makeNetwork: { Teacher(vocabularySize: vocabularySize) }) { step in
        var stream = RandomStream(seed: settings.seed, purpose: "teacher.batch", step: step)
        let size = settings.batch
        let (images, captions) = try clothes.batch(size, from: &stream)
        let latents = withoutGradients { inParts(images) { autoencoder.encode($0) } }
        let isLeftOut = stream.uniform([size]) .< 0.1
        let heeded = isLeftOut.selecting(
            .full([size], value: Double(tokens.none), dtype: .int64), else: captions)
        let level = schedule.level(at: stream.integers(below: schedule.count, shape: [size]))
        let noise = stream.normal(latents.shape)
        return [level.noising(latents, noise: noise), level.time, tokens[heeded], noise]
    } loss: { teacher, inputs in
        let predicted = teacher.unet(inputs[0], time: inputs[1], context: teacher.textEncoder(inputs[2]))
        return (predicted - inputs[3]).square().mean()
    }
}

/// Images of the captions with the given numbers, `[N, 3, 32, 32]`.
func sample(
    _ teacher: Teacher, _ autoencoder: AutoencoderKL, _ tokens: CaptionTokens, captions: [Int],
    steps: Int = 25
) -> Tensor {
    withoutGradients {
        let denoiser = Guided(
            StableDiffusionDenoiser(teacher.unet, scheduler: Teacher.scheduler), guidance: 3,
            unconditional: .context(teacher.textEncoder(tokens[Tensor([tokens.none])])))
        var stream = RandomStream(seed: 0, purpose: "teacher.sample")
        let noise = stream.normal([captions.count] + denoiser.sampleShape)
        let prompts = Condition.context(teacher.textEncoder(tokens[Tensor(captions)]))
        return inParts(noise, given: prompts) { noise, prompts in
            autoencoder.decode(ddim(denoiser, noise: noise, given: prompts, steps: steps))
        }
    }
}
