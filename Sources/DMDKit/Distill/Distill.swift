// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Distillation
public import Foundation
import Models
import Torch
import Training

/// Distils a teacher into a generator that needs one evaluation of its network: makes the pairs it needs, trains, and ends
/// with pictures, figures and a report. The same job goes on where the last one stopped.
///
/// ```swift
/// var settings = DistillRecipe()
/// settings.distillation.steps = 2_000
/// let files = try await Distill(PixelTeacher(MyDenoiser()), settings: settings, run: .init("runs/mine")).result()
/// ```
public struct Distill: Job {
    /// The teacher that is distilled.
    public var teacher: Teacher
    /// The settings of the run; see ``DistillRecipe``.
    public var recipe: RecipeSettings
    /// The settings as a value, in the place of ``recipe``.
    public var settings: DistillRecipe?
    /// The run's folder.
    public var run: RunSettings
    /// The folder of a tiny autoencoder, for recipes whose `regression.decoder` is `tiny`.
    public var tinyDecoder: URL?
    /// The generator of a first stage to go on from: its file, or its folder for a teacher of text; nil to begin with the teacher's
    /// weights.
    public var start: URL?
    /// A folder of pairs that ``MakePairs`` made of this teacher; nil for some that are made in the run's folder.
    public var pairs: URL?
    /// Whether to compare all files of pairs with their sums at the start, not each when it is first used.
    public var verifiesPairs = false
    /// Real images to measure the distance from: a folder, an IDX file or a zip; nil for Fashion-MNIST's test images with
    /// the bundled teacher, else none.
    public var images: URL?
    /// Real images for recipes with a discriminator: a folder, an IDX file or a zip, of which the training images are taken; nil for those
    /// of ``images`` if they come with training images, and for Fashion-MNIST's with the bundled teacher.
    public var realImages: URL?
    /// Where the latents of ``realImages`` and the vectors of their captions are kept, for a text-to-image teacher; nil for `real` in the
    /// run's folder. Several runs may share it.
    public var realLatents: URL?
    /// LPIPS's weights; nil for those that are installed.
    public var lpips: URL?
    /// The distance of the regression loss in the place of LPIPS, such as for images that LPIPS does not know.
    public var distance: Distance?
    /// Terms of the generator's loss beside those of the recipe.
    public var terms: [any GeneratorTerm] = []
    /// Where it computes.
    public var compute: ComputeSettings

    /// What is distilled.
    public enum Teacher: Sendable {
        /// Weights, or a folder of Stable Diffusion. The guidance is the recipe's.
        case weights(TeacherSettings)
        /// A model that was loaded.
        case model(any TeacherModel)
    }

    /// A distillation of weights; see the properties.
    public init(
        teacher: TeacherSettings = .init(), recipe: RecipeSettings = .init(),
        run: RunSettings = .init("runs/demo"),
        compute: ComputeSettings = .cpu
    ) {
        (self.teacher, self.recipe, self.run, self.compute) = (.weights(teacher), recipe, run, compute)
    }

    /// A distillation of a model that was loaded, such as a ``PixelTeacher`` of a network of your own.
    public init(
        _ model: any TeacherModel, settings: DistillRecipe, run: RunSettings, compute: ComputeSettings = .cpu
    ) {
        (teacher, self.settings, recipe) = (.model(model), settings, .init())
        (self.run, self.compute) = (run, compute)
    }

    /// What a distillation leaves.
    public struct Output: Sendable {
        /// The generators, files or folders, the first of which is the run's result; none in processes that share the run with the
        /// first one.
        public let generators: [URL]
        /// What was measured.
        public let figures: [Figure]
    }

    /// Distils to the end.
    public func run(in context: JobContext) throws -> Output {
        func run(_ job: Distill, _ model: some TeacherModel, _ settings: DistillRecipe, _ begun: RunRecord?)
            throws -> Output
        {
            try DistillationRun(job: job, model: model, settings: settings, context: context).run(begun)
        }
        return try prepared(context) { try run($0, $1, $2, $3) }
    }

    /// The settings as YAML, and what the run would cost, by trying two steps.
    ///
    /// - Parameter processes: how many are to share it.
    public func plan(processes: Int = 1) throws -> String {
        func plan(_ job: Distill, _ model: some TeacherModel, _ settings: DistillRecipe) throws -> String {
            try DistillationRun(job: job, model: model, settings: settings, context: JobContext()).plan(
                processes: processes)
        }
        return try prepared(JobContext(), isTrial: true) { job, model, settings, _ in
            try plan(job, model, settings)
        }
    }

    /// Resolves settings, loads the teacher, and hands both on.
    private func prepared<R>(
        _ context: JobContext, isTrial: Bool = false,
        _ body: (Distill, any TeacherModel, DistillRecipe, RunRecord?) throws -> R
    ) throws -> R {
        let begun = try run.begunRecord()
        var job = self
        if let begun { try job.takeFiles(of: begun) }
        let settings = try job.resolvedSettings()
        let processes = isTrial ? .alone : compute.processes
        return try compute.run(begun) {
            try processes.check(settings)
            // Vectors of prompts are kept in a folder.
            let model = try processes.firstBeforeOthers {
                try job.model(settings, isTrial: isTrial, context)
            }
            return try body(job, model, settings, begun)
        }
    }

    private func resolvedSettings() throws -> DistillRecipe {
        if let settings {
            try settings.validate()
            return settings
        }
        if case .weights(let teacher) = teacher, teacher.isOfText, recipe.recipe == nil, !run.resumes {
            throw SettingError(
                "recipe", "is missing, which a text-to-image teacher needs",
                "name one, such as sd15-laion-625")
        }
        return try recipe.resolved(as: DistillRecipe.self, default: run.keptRecipe ?? DataFiles.usualRecipe)
    }

    private func model(
        _ settings: DistillRecipe, isTrial: Bool, _ context: JobContext
    ) throws -> any TeacherModel {
        guard case .weights(var teacher) = teacher else {
            guard case .model(let model) = teacher else { preconditionFailure("there is no other teacher") }
            return model
        }
        teacher = try teacher.unpacked(context)
        guard teacher.isOfText else {
            guard settings.guidance == nil else {
                throw KitError(
                    "The recipe sets `guidance`, which belongs to a teacher that is a folder of Stable Diffusion: "
                        + "name one as `teacher`, or leave it out.")
            }
            guard case .pixels(let file) = try teacher.kind() else {
                preconditionFailure("a file is no folder")
            }
            let denoiser = try loadDenoiser(at: file, device: compute.device)
            try requireFloats(denoiser, of: file)
            return PixelTeacher(denoiser)
        }
        guard let guidance = settings.guidance else {
            throw KitError(
                "A text-to-image teacher needs `guidance`: set it in the recipe; the paper takes 3 or 8.")
        }
        teacher.guidance = guidance
        guard case .text(let folder, let prompts) = try teacher.kind() else {
            preconditionFailure("a folder is no file")
        }
        return try TextTeacher(
            folder: folder, variant: teacher.variant, prompts, guidance: guidance,
            sampler: try sampler(teacher, settings, context),
            steps: settings.teacherSteps, tinyDecoder: tinyDecoder,
            trialCount: isTrial ? settings.distillation.batch : nil, device: compute.device, context)
    }

    /// What a text-to-image teacher is sampled by in the place of its own sampler; nil for that.
    ///
    /// Training needs none: where no pairs are to be made, and the teacher's own is not supported, DDIM makes the images to look at.
    private func sampler(
        _ teacher: TeacherSettings, _ settings: DistillRecipe, _ context: JobContext
    ) throws -> Sampling.Sampler? {
        guard teacher.sampler == nil, let folder = teacher.weights,
            let reason = try StableDiffusionFolder(folder).scheduler.unsupported,
            pairs != nil || !settings.distillation.needsPairs
        else { return teacher.sampler }
        context.warn(
            "The teacher's own sampler is not supported, since in its scheduler_config.json \(reason): its images to look at are "
                + "made by DDIM.")
        return .ddim
    }

    /// Takes what was named when the run began, and is not now.
    private mutating func takeFiles(of begun: RunRecord) throws {
        let folder = run.runFolder
        start = try start ?? begun.path("start", in: folder)
        pairs = try pairs ?? begun.path("pairs", in: folder)
        images = try images ?? begun.path("images", in: folder)
        realImages = try realImages ?? begun.path("realImages", in: folder)
        realLatents = try realLatents ?? begun.path("realLatents", in: folder)
        lpips = try lpips ?? begun.path("lpips", in: folder)
        tinyDecoder = try tinyDecoder ?? begun.path("tinyDecoder", in: folder)
        guard case .weights(var teacher) = teacher else { return }
        teacher.weights = try teacher.weights ?? begun.path("teacher", in: folder)
        if teacher.prompts == nil, let file = try begun.path("prompts", in: folder) {
            teacher.prompts = PromptFile(
                file, column: begun.promptColumn, vectors: try begun.path("promptVectors", in: folder))
        }
        teacher.sampler = teacher.sampler ?? begun.sampler.flatMap(Sampling.Sampler.init)
        teacher.variant = teacher.variant ?? begun.variant
        teacher.tokenizer = try teacher.tokenizer ?? begun.path("tokenizer", in: folder)
        self.teacher = .weights(teacher)
    }

    /// What the run begins with.
    func record(of model: some TeacherModel, keeping begun: RunRecord?) -> RunRecord {
        let folder = run.runFolder
        var record = RunRecord(compute.processes, keeping: run.retention(begun))
        if case .weights(let teacher) = teacher {
            record.note(teacher.weights, as: "teacher", in: folder)
            record.note(teacher.tokenizer, as: "tokenizer", in: folder)
            record.note(teacher.prompts?.file, as: "prompts", in: folder)
            record.note(teacher.prompts?.vectors, as: "promptVectors", in: folder)
            record.promptColumn = teacher.prompts?.column
            record.sampler = teacher.sampler?.rawValue
            record.variant = teacher.variant
        }
        record.note(start, as: "start", in: folder)
        record.note(pairs, as: "pairs", in: folder)
        record.note(images, as: "images", in: folder)
        record.note(realImages, as: "realImages", in: folder)
        record.note(realLatents, as: "realLatents", in: folder)
        record.note(lpips, as: "lpips", in: folder)
        record.note(tinyDecoder, as: "tinyDecoder", in: folder)
        record.inputs["teacher"] = model.fingerprint
        record.inputs["list of prompts"] = model.prompts?.fingerprint
        return record
    }
}
