// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Evaluation
import Files
public import Foundation

/// Measures how good the images of a generator, of a teacher or of a set are.
///
/// Compares any two of: weights (`.safetensors`), a folder of Stable Diffusion, which needs ``prompts``, a set of images (a
/// folder, a zip, IDX files, CIFAR-10), and saved statistics (`.npz`, see ``MakeReference``; `.pkl` and `.pt` of other programs).
///
/// ```swift
/// let job = Evaluate("mine/", against: "theirs/", distanceOnly: true)
/// let card = try await job.result()
/// print(card.value(of: .frechetDistance) ?? .nan)
/// ```
///
/// Distances compare only at equal ``count`` and ``features``. The scores are told as a message before the ``card`` is
/// written. Where there is a card to write, the same job goes on where it was stopped.
public struct Evaluate: Job {
    /// What is judged: a path, or `bundled:generator`, `bundled:teacher`, `bundled:fashion-mnist`.
    public var subject: String
    /// What it is compared with, likewise.
    public var against: String
    /// How many images of a model, and at most how many of a set; nil for 10,000.
    public var count: Int?
    /// Which part of a set that comes as two; nil for the images held back.
    public var split: Split?
    /// The side in pixels to which the images of sets are cropped and resized, where no model says it; nil leaves them.
    public var size: Int?
    /// How images are made if ``subject`` is a model.
    public var sampling: Sampling
    /// Steps if ``against`` is a model, see ``Sampling/steps``.
    public var againstSteps: Int?
    /// The teacher's weights, to compare images of the same noise.
    public var teacher: String?
    /// Steps of the teacher; nil for 18, or what its weights are for.
    public var teacherSteps: Int?
    /// How much prompts count in several steps of a folder of Stable Diffusion, 1 and above; nil for 7.5.
    public var guidance: Double?
    /// The variant of the weights, such as `fp16`, of every folder of Stable Diffusion that has it; nil for those without one, or the
    /// only one.
    public var variant: String?
    /// The folder of the tokenizer of a model in one file; nil for one that is found beside it, in the user's data folder or in Hugging
    /// Face's cache.
    public var tokenizer: URL?
    /// The random seed of a model's noise; nil for 0.
    public var seed: UInt64?
    /// How many seeds to take, from ``seed`` on: scores are then their mean, spreads their deviation. Nil for 1.
    public var seeds: Int?
    /// Whether to measure only the Frechet distance and the drifts of colour, whose memory does not grow with ``count``.
    public var distanceOnly: Bool
    /// The network whose features are compared: `efficientnet-lite0`, `vgg16`, `inception` (with torch-fidelity's
    /// resize), `inception-pytorch-fid`, or the path of a TorchScript program, which is run: take it from where you trust. Nil
    /// for `efficientnet-lite0`, which no loss reads.
    public var features: String?
    /// The weights of that network; nil for those that are installed.
    public var featureWeights: String?
    /// LPIPS's weights; nil for those that are installed, if they are.
    public var lpips: String?
    /// The prompts that images are made from, image `i` from prompt `i` modulo their number, by a folder of Stable Diffusion,
    /// or that those of a set were made from: a `.txt` file with a prompt a line, a `.csv` or `.tsv` table, or `.jsonl`.
    public var prompts: String?
    /// The column or key of the prompts; nil for `caption`, `text` or `prompt`.
    public var promptColumn: String?
    /// The folder of the CLIP model that measures how well images fit their prompts, in the layout of transformers.
    public var clip: String?
    /// The card to write; nil writes none.
    public var card: URL?
    /// Where to compute.
    public var compute: ComputeSettings

    /// An evaluation; see the properties.
    public init(
        _ subject: String = "bundled:generator", against: String = "bundled:fashion-mnist",
        count: Int? = nil, split: Split? = nil, size: Int? = nil, sampling: Sampling = Sampling(),
        againstSteps: Int? = nil,
        teacher: String? = nil, teacherSteps: Int? = nil, guidance: Double? = nil, seed: UInt64? = nil,
        seeds: Int? = nil, distanceOnly: Bool = false, features: String? = nil,
        featureWeights: String? = nil, lpips: String? = nil, prompts: String? = nil,
        promptColumn: String? = nil, clip: String? = nil, card: URL? = nil, compute: ComputeSettings = .cpu
    ) {
        (self.subject, self.against, self.count, self.split) = (subject, against, count, split)
        (self.size, self.sampling, self.againstSteps) = (size, sampling, againstSteps)
        (self.teacher, self.teacherSteps, self.guidance) = (teacher, teacherSteps, guidance)
        (self.seed, self.seeds, self.distanceOnly) = (seed, seeds, distanceOnly)
        (self.features, self.featureWeights, self.lpips) = (features, featureWeights, lpips)
        (self.prompts, self.promptColumn, self.clip) = (prompts, promptColumn, clip)
        (self.card, self.compute) = (card, compute)
    }

    /// Measures, and writes the card if there is one to write.
    ///
    /// - Returns: the card; without scores in processes that share the work with the first one, which writes it.
    /// - Throws: ``SettingError`` for settings that cannot be or do not belong together, ``KitError`` for things that do not
    ///   compare, and what reading them throws.
    public func run(in context: JobContext) throws -> Card {
        let comparison = try comparison()
        let card = compute.isFirst ? card : nil
        if let card { try requireWritable(file: card) }
        let found = try comparison.run(in: context) { inputs, _ in try refuseSplit(of: inputs) }
        if let card {
            do {
                try found.write(to: card)
            } catch {
                // What took hours to measure is not lost with the file.
                context.tell(.message("\(found)"))
                throw error
            }
            comparison.forget()
        }
        return found
    }
}
