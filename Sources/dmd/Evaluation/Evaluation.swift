// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Evaluation
import Files
import Foundation
import Torch
import Training

/// Compares one side with another: opens both, looks at them and computes the scores.
struct Evaluation {
    var subject: SideRequest
    var reference: SideRequest
    /// The teacher of the same-noise LPIPS.
    var teacher: SideRequest?
    /// The seeds of a model's noise.
    var seeds: [UInt64]
    var features: String
    var featureWeights: Path?
    var lpips: Path
    /// The prompts that images are or were made from.
    var prompts: PromptRequest?
    /// Whether to measure only what needs no single features: the Frechet distance and the drifts of colour.
    var distanceOnly: Bool
    var device: Device
    /// Where interrupted work is kept.
    var unfinished: URL

    /// - Parameter check: looks at what was opened before any work is done.
    /// - Throws: ``CommandError`` where the two sides do not compare, and what reading them throws.
    func run(check: (Card) throws -> Void = { _ in }) throws -> Card {
        let network = try loadFeatures(features, weights: featureWeights, device: device)
        let prompts = try prompts?.open(device: device)
        let (subject, reference) = try openSides(prompts)
        let teacher = try teacher?.open(size: nil, prompts, device: device)
        try requireComparable(subject, reference, teacher)
        try prompts?.requireFit(subject, against: reference)
        var card = Card(
            device: device, subject: subject.origin, reference: reference.origin,
            features: try FeatureOrigin(features, network), seeds: seeds, distanceOnly: distanceOnly)
        card.teacher = teacher?.origin
        card.prompts = prompts?.origin
        try check(card)

        let observer = Observer(network: network, keepsFeatures: !distanceOnly, folder: unfinished)
        let known = try look(at: reference, seed: seeds[0], "reference", card.features, observer)
        warn(reference, known.reference, card.features)
        if case .observed(let seen) = known.reference, card.reference.kind == .images {
            card.reference.sha256 = seen.sha256
        }
        var bySeed: [[NamedScore]] = []
        for seed in subject.isModel ? seeds : [seeds[0]] {
            let found: Look
            do {
                found = try look(at: subject, seed: seed, "subject", card.features, observer, prompts)
            } catch let stop as ExitCode {
                if case .observed(let seen) = known.reference { try observer.keep(seen, key: known.key) }
                throw stop
            }
            warn(subject, found.reference, card.features)
            switch found.reference {
            case .statistics(let saved):
                bySeed.append([
                    NamedScore(
                        .frechetDistance, Score(frechetDistance(saved.gaussian, known.reference.gaussian)))
                ])
            case .observed(let seen):
                if card.subject.kind == .images { card.subject.sha256 = seen.sha256 }
                bySeed.append(
                    try scores(of: seen, against: known.reference)
                        + perceptual(subject, teacher, found.source, seed: seed))
            }
        }
        card.scores = merged(bySeed).sorted {
            (ScoreName.allCases.firstIndex(of: $0.name) ?? 0)
                < (ScoreName.allCases.firstIndex(of: $1.name) ?? 0)
        }
        if card.scores.contains(where: { $0.name == .intraClassLPIPS || $0.name == .sameNoiseLPIPS }) {
            card.lpips = Card.LPIPSOrigin(path: "\(lpips)", sha256: try sha256(ofFile: lpips.url))
        }
        try? FileManager.default.removeItem(at: unfinished)
        return card
    }

    /// Opens both; a set of images is brought to the size of a model on the other side.
    private func openSides(_ prompts: Prompts?) throws -> (Side, Side) {
        func open(_ side: SideRequest, beside other: Side? = nil) throws -> Side {
            try side.open(size: other?.isModel == true ? other?.shape?[1] : nil, prompts, device: device)
        }
        if subject.isImages {
            let other = try open(reference)
            return (try open(subject, beside: other), other)
        }
        let one = try open(subject)
        return (one, try open(reference, beside: one))
    }

    private func requireComparable(_ subject: Side, _ reference: Side, _ teacher: Side?) throws {
        if let ours = subject.shape, let theirs = reference.shape, ours != theirs {
            func size(_ shape: [Int]) -> String { "\(shape[2])x\(shape[1]) with \(shape[0]) channels" }
            throw CommandError(
                "The images of \(subject.origin.path) are \(size(ours)) and those of \(reference.origin.path) are "
                    + "\(size(theirs)): bring one set to the form of the other, as dmd dataset --size does.")
        }
        for side in [subject, reference] where (side.origin.count ?? 2) < 2 {
            throw CommandError(
                "\(side.origin.path) has fewer than 2 images, of which there is no covariance.")
        }
        guard let teacher else { return }
        guard case .model(let model) = subject.content, case .model(let other) = teacher.content,
            model(0).imageShape == other(0).imageShape, model(0).classCount == other(0).classCount,
            subject.origin.isOfText == teacher.origin.isOfText
        else {
            throw CommandError(
                "\(teacher.origin.path) makes other images or classes than \(subject.origin.path): give its own teacher."
            )
        }
    }

    private struct Look {
        let reference: Reference
        var source: ImageSource?
        var key = ""
    }

    private func look(
        at side: Side, seed: UInt64, _ title: String, _ features: FeatureOrigin, _ observer: Observer,
        _ prompts: Prompts? = nil
    ) throws -> Look {
        if case .statistics(let saved) = side.content {
            try saved.requireComparable(
                with: features.kind, networkHash: features.sha256, file: side.origin.path)
            return Look(reference: .statistics(saved))
        }
        guard let source = side.source(seed: seed, count: side.origin.count ?? 0) else {
            preconditionFailure("only statistics have no images")
        }
        let encoder = JSONEncoder.line
        let told = try [
            encoder.encode(side.origin), encoder.encode(features), encoder.encode(prompts?.origin),
        ].map { String(decoding: $0, as: UTF8.self) }
        let key = "\(told)\(side.isModel ? seed : 0)\(observer.keepsFeatures)"
        let seen = try observer.look(at: source, title: title, key: key, prompts: prompts)
        return Look(reference: .observed(seen), source: source, key: key)
    }

    private func warn(_ side: Side, _ reference: Reference, _ features: FeatureOrigin) {
        guard reference.isRankDeficient == true else { return }
        say(
            "Note: \(side.origin) are no more than the \(features.kind.count) features, so the Frechet distance "
                + "says more about their number than about the images.\n")
    }

    /// LPIPS between images of a class, and to the teacher's images of the same noise.
    private func perceptual(
        _ subject: Side, _ teacher: Side?, _ source: ImageSource?, seed: UInt64
    ) throws -> [NamedScore] {
        guard !distanceOnly, FileManager.default.fileExists(atPath: lpips.url.path) || teacher != nil else {
            return []
        }
        var scores: [NamedScore] = []
        let distance = try LPIPS(weights: lpips.url, device: device)
        if let source, let classes = source.classes, classes.allSatisfy({ $0.count >= 2 }) {
            let diversity = try intraClassDiversity(
                classes: classes, pairs: max(1, min(100, 1_000 / classes.count)), batch: 50, seed: seed,
                images: { try source.levels($0).to(device).to(.float32) / 127.5 - 1 },
                distance: { first, second in
                    inParts(first, second) { first, second in second.map { distance(first, $0) } ?? first }
                })
            scores.append(NamedScore(.intraClassLPIPS, diversity.overall))
        }
        if case .model(let model) = subject.content, let teacher, case .model(let other) = teacher.content {
            let score = sameNoiseDistance(model(seed), other(seed), distance)
            scores.append(NamedScore(.sameNoiseLPIPS, score))
        }
        return scores
    }
}

extension Side {
    var isModel: Bool { origin.kind == .model }
}

/// The mean LPIPS between the first 200 images of two models of the same noise, and its standard error.
func sameNoiseDistance(_ a: Generation, _ b: Generation, _ lpips: LPIPS) -> Score {
    let range = 0..<200
    let distances = withoutGradients {
        inParts(a(range), b(range)) { first, second in second.map { lpips(first, $0) } ?? first }
    }
    return Score(meanOf: distances.array(as: Double.self))
}
