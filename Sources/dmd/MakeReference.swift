// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Evaluation
import Files
import Foundation
import Images
import Torch
import Training

/// Saves the statistics of a set of images, or says what is in a file of them.
struct MakeReference: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference",
        abstract: "Save the mean and covariance of the features of images, to compare with later.",
        discussion: """
            Given a set of images, weights, or a folder of Stable Diffusion with --prompts, writes an .npz file that EDM's \
            fid.py, pytorch-fid and others read too. Given such a file, theirs included, says what is in it.
            """)

    @Argument(help: "Images, the weights of a model, or an .npz file.")
    var input: Path

    @Option(help: "The file to write.")
    var out = Path(argument: "reference.npz")

    @Option(help: "How many images of a model, and at most how many of a set.")
    var count = 50_000

    @Option(help: "Which part of a set that comes as two: train or test.")
    var split = DatasetSplit.train

    @Option(help: "The side in pixels to which a set's images are cropped and resized.")
    var size: Int?

    @Option(help: "Names a model's noise.")
    var seed: UInt64 = 0

    @OptionGroup var prompts: PromptOptions
    @OptionGroup var features: FeatureOptions
    @OptionGroup var sampling: SamplerOptions
    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        if let size { try requirePositive(("size", size)) }
        guard count >= 2 else { throw ValidationError("--count is \(count); give at least 2.") }
        guard out.url.pathExtension.lowercased() == "npz" else {
            throw ValidationError("The name of the file to write is \(out); give one in .npz.")
        }
    }

    func run() throws {
        let device = try compute.resolved()
        let request = SideRequest(
            path: input, steps: sampling.steps, sampler: SamplerSettings(sampling.method), split: split,
            count: count, guidance: prompts.guidance)
        let side = try request.open(
            size: request.isImages ? size : nil, prompts.request()?.open(device: device), device: device)
        if case .statistics(let saved) = side.content { return print(summary(of: saved, at: input)) }
        guard let source = side.source(seed: seed, count: side.origin.count ?? 0), source.count >= 2 else {
            throw CommandError("\(input) has fewer than 2 images, of which there is no covariance.")
        }
        Interrupt.install()
        let network = try features.load(device: device)
        let unfinished = out.url.appendingPathExtension("unfinished")
        let origin = try FeatureOrigin(features.features, network)
        let seen = try Observer(network: network, keepsFeatures: false, folder: unfinished)
            .look(at: source, title: "reference", key: "\(side.origin)\(seed)\(origin.sha256)\(origin.kind)")
        let saved = ReferenceStatistics(
            seen.statistics.total.gaussian, kind: network.kind, imageCount: seen.count,
            networkHash: origin.sha256, source: "\(side.origin)")
        try saved.write(to: out.url)
        try? FileManager.default.removeItem(at: unfinished)
        print(summary(of: saved, at: out))
    }

    private func summary(of saved: ReferenceStatistics, at path: Path) -> String {
        let kind =
            saved.kind.map { "\($0)" }
            ?? "\(saved.gaussian.dimension) features of a network that the file does not name"
        let count = saved.imageCount.map { "\($0.formatted()) images" } ?? "an unknown number of images"
        let source = saved.source.map { ", from \($0)" } ?? ""
        let warning =
            saved.isRankDeficient == true
            ? "\nThey are no more images than features: distances from them say more about the number than the images."
            : ""
        return "\(path): \(kind), of \(count)\(source)\(warning)"
    }
}
