// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Evaluation
import Foundation
import Images
import Models
import Torch
import Training

/// A distillation under way, once its teacher is loaded.
struct DistillationRun<Model: TeacherModel> {
    let job: Distill
    let model: Model
    let settings: DistillRecipe
    let context: JobContext

    private var device: Device { job.compute.device }
    private var processes: Communicator { job.compute.processes }
    private var folder: RunFolder { job.run.runFolder }

    /// Pairs, training, pictures and figures.
    func run(_ begun: RunRecord?) throws -> Distill.Output {
        try model.check(levels: settings.distillation.levels)
        try memory.of(processes.count).checkFits(device)
        let lpips = try loadLPIPS()
        let realImages = try realImages()
        let fidelity = try processes.isFirst ? fidelity() : nil
        let retention = job.run.retention(begun)
        let record = job.record(of: model, keeping: begun)
        try processes.first {
            for (name, isSet) in [("keepBest", retention.best), ("patience", settings.patience != nil)]
            where isSet {
                guard fidelity == nil || settings.distanceCount == nil else { continue }
                throw SettingError(
                    name, "needs distances to compare", "give `images`, and set distanceCount in the recipe")
            }
            try record.begin(in: folder, context)
            // The recipe is there from the beginning on, also if the run is stopped while it makes pairs.
            try folder.run(settings, overriding: job.run.overriding, warn: context.warn) {}
        }
        let pairs = try pairs()
        let distiller = try distiller(pairs: pairs, lpips, realImages, processes)
        try train(distiller, fidelity, record, retention)
        guard processes.isFirst else { return Distill.Output(generators: [], figures: []) }
        let metadata = ["dmd.recipe": try settings.yaml()]
        let generators = try (distiller.generator.averages?.suffixes ?? []).enumerated().map {
            index, suffix in
            try model.save(
                distiller.averagedGenerator(index), as: "generator\(suffix)", in: folder.url,
                metadata: metadata)
        }
        model.network.setComputeType(.float32)
        let results = DistillResults(
            settings: settings, folder: folder, model: model, generator: distiller.averagedGenerator(),
            pairs: pairs, judges: try judges(fidelity), lpips: lpips, device: device, context: context)
        return Distill.Output(generators: generators, figures: try results.write())
    }

    /// The settings as YAML, and what the run would cost.
    func plan(processes: Int) throws -> String {
        try require(("processes", processes, 1...1_000_000))
        try model.check(levels: settings.distillation.levels)
        let cost = try Cost(memory, on: device, processes: processes) {
            try distiller(pairs: trialPairs(), loadLPIPS(), realImages(isTrial: true), .alone)
        }
        return "\(try settings.yaml())\(cost)"
    }

    private var memory: NetworkMemory { .distillation(of: model.network, settings.distillation, on: device) }

    /// LPIPS, unless another distance is in its place.
    private func loadLPIPS() throws -> LPIPS? {
        guard job.distance == nil else { return nil }
        guard settings.lpipsResize != nil || VGG16.takes(model.imageShape) else {
            let size = model.imageShape.dropFirst().map { "\($0)" }.joined(separator: " x ")
            throw SettingError(
                "lpipsResize", "is missing, which LPIPS needs for images of \(size) pixels",
                "set it to \(VGG16.smallestSide) or more; the paper takes 224")
        }
        let weights = try DataFiles.lpips(job.lpips?.path)
        return try LPIPS(weights: weights, resize: settings.lpipsResize, device: device)
    }

    private func distiller(
        pairs: PairSet?, _ lpips: LPIPS?, _ realImages: (any RealImages)?, _ processes: Communicator
    ) throws -> Distiller<Model.Network> {
        let distances = lpips.map(model.distances)
        return try Distiller(
            settings.distillation, teacher: model.network, start: job.start.map(model.generator(at:)),
            pairs: pairs,
            distance: job.distance ?? distances?.full,
            tinyDistance: distances?.tiny, realImages: realImages, terms: job.terms,
            conditions: model.conditions, device: device, processes: processes)
    }

    /// What a discriminator learns from; nil where there is none.
    ///
    /// - Throws: `DistillationError.noRealImages` where one would have nothing, before any pairs are made for it.
    private func realImages(isTrial: Bool = false) throws -> (any RealImages)? {
        guard settings.distillation.needsRealImages else {
            try refuse(
                ["realImages": job.realImages, "realLatents": job.realLatents],
                "is of no use to a recipe without a discriminator")
            return nil
        }
        let isNamed = job.realImages != nil
        guard let source = try job.realImages ?? testImages() else { throw DistillationError.noRealImages }
        let dataset = try openDataset(at: source, split: .train, size: model.imageShape[1])
        context.warnOfTurnedImages(in: dataset, at: source.relativePath)
        guard isNamed || comesAsTwo(dataset) else { throw DistillationError.noRealImages }
        guard model.prompts != nil else {
            try refuse(["realLatents": job.realLatents], "is for a text-to-image teacher")
            return try model.realImages(dataset, keptIn: folder.url, device: device, context)
        }
        return isTrial
            ? TrialImages(shape: model.network.sampleShape, conditions: model.conditions)
            : try model.realImages(
                dataset, keptIn: job.realLatents ?? folder.url.appending(path: "real"), device: device,
                context)
    }

    /// The images that distances are measured from.
    private func testImages() throws -> URL? {
        if let images = job.images { return images }
        guard case .weights(let teacher) = job.teacher, teacher.weights == nil else { return nil }
        return try DataFiles.fashionMNIST()
    }

    private func pairs() throws -> PairSet? {
        guard settings.distillation.needsPairs else { return nil }
        if let place = job.pairs {
            let set = try PairSet(place, conditions: model.conditions, verifying: job.verifiesPairs)
            let (made, needed) = (set.description.prompts?.guidance, model.prompts?.guidance)
            guard made == needed else {
                throw KitError(
                    "\(place.relativePath) holds pairs of guidance \(made.map { "\($0)" } ?? "none"), and the recipe has "
                        + "\(needed.map { "\($0)" } ?? "none"): set `guidance` to it, or make other pairs.")
            }
            return set
        }
        let folder = folder.url.appending(path: "pairs")
        try model.makePairs(
            in: folder, count: settings.pairCount, steps: settings.teacherSteps,
            seed: settings.distillation.seed, device: device, timeLimit: job.run.timeLimit, context)
        return try PairSet(folder, conditions: model.conditions, verifying: job.verifiesPairs)
    }

    /// Zeros in the place of pairs, to try out what a step costs.
    private func trialPairs() -> PairSet? {
        guard settings.distillation.needsPairs else { return nil }
        let description = model.pairs(count: settings.distillation.regression.batch, steps: 1, seed: 0)
        return PairSet(
            description, images: .zeros([description.count] + description.sampleShape),
            conditions: model.conditions)
    }

    /// On the features of a network that no loss reads.
    private func fidelity() throws -> Fidelity? {
        guard let test = try testDataset() else { return nil }
        let network = try EfficientNetLite0(weights: DataFiles.efficientNet(nil), device: device)
        return try Fidelity(to: test, count: Self.mostImages, on: network, context)
    }

    /// The space of the distances on the way, and that of LPIPS's network where it takes images so small.
    private func judges(_ fidelity: Fidelity?) throws -> [Judge] {
        guard let fidelity, let test = try testDataset() else { return [] }
        let floor = try testImages().flatMap { source -> ImageSource? in
            let other = try openDataset(at: source, split: .train, size: model.imageShape[1])
            return comesAsTwo(other) ? ImageSource(other, count: Self.mostImages) : nil
        }
        let neutral = Judge(title: "EfficientNet-Lite0", fidelity: fidelity, floor: floor)
        guard VGG16.takes(model.imageShape) else { return [neutral] }
        let vgg = try Fidelity(
            to: test, count: Self.mostImages,
            on: VGGFeatures(weights: DataFiles.lpips(job.lpips?.path), resize: nil, device: device), context)
        return [neutral, Judge(title: "VGG16", fidelity: vgg, floor: floor)]
    }

    private func testDataset() throws -> (any ImageDataset)? {
        try testImages().map { source in
            let dataset = try openDataset(at: source, split: .test, size: model.imageShape[1])
            context.warnOfTurnedImages(in: dataset, at: source.relativePath)
            return dataset
        }
    }

    private static var mostImages: Int { 10_000 }

    private func train(
        _ distiller: Distiller<Model.Network>, _ fidelity: Fidelity?, _ record: RunRecord,
        _ retention: CheckpointRetention
    ) throws {
        var run = Run(distiller, settings: settings, in: folder)
        var last = ""
        var variety = Variety()
        run.report = { step, scalars in
            context.tell(.scalars(step: step, scalars))
            let sentence = distiller.health(of: scalars, done: step).map { "\($0)" } ?? ""
            let kind = String(sentence.prefix { $0 != ":" && $0 != "." })
            if kind != last { context.tell(.message("step \(step): \(sentence)")) }
            last = kind
            return summary(of: scalars)
        }
        run.sample = { step, log in
            let images = model.imageMaker(distiller.averagedGenerator(), seed: distiller.recipe.seed)
            try record.keep(images.sheet(), step: step, in: folder, log, context)
            guard let fidelity, let count = settings.distanceCount else { return nil }
            let seen = try fidelity.scalars(
                of: ImageSource(images, count: count), title: "distance", context)
            try log.record(step: step, seen)
            if let health = variety.health(of: seen) { context.tell(.message("step \(step): \(health)")) }
            return seen["distance/frechet"]
        }
        run.retention = retention
        run.patience = settings.patience
        try job.run.run(&run, title: "distil", context)
    }

    /// The losses of a line of the log, in short.
    private func summary(of scalars: [String: Double]) -> String {
        let names = [
            ("loss/distribution_matching", "matching"), ("loss/score_identity", "score identity"),
            ("loss/adversarial", "adversarial"), ("loss/regression", "regression"),
            ("loss/discriminator", "discriminator"), ("critic/lag", "critic lag"),
        ]
        return names.compactMap { tag, name in
            scalars[tag].map { "\(name) \(String(format: "%.3g", $0))" }
        }.joined(separator: ", ")
    }
}
