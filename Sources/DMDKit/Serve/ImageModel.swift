// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Models
import Torch
import Weights

/// A model that was loaded once, by ``LoadImageModel``, and makes images whenever ``MakeImages`` asks for some.
public final class ImageModel: Sendable {
    /// What a model is in a comparison.
    public enum Role: String, Codable, Sendable {
        /// It was distilled.
        case generator
        /// It is what generators are compared with.
        case teacher
    }

    /// The name of its file or folder, without an ending.
    public let name: String
    /// What it is.
    public let role: Role
    /// The height of its images in pixels where nothing is said.
    public let height: Int
    /// Their width.
    public let width: Int
    /// The names of the classes, or their numbers; none of a model without classes.
    public let classNames: [String]
    /// Steps where nothing is said.
    public let usualSteps: Int
    /// The steps that it may be asked for.
    public let stepCounts: ClosedRange<Int>
    let network: Network

    /// The networks.
    enum Network: Sendable {
        case pixels(EDMDenoiser, WeightsUse)
        case text(StableDiffusion)
    }

    /// - Parameter classNames: one for each class, or none.
    init(
        name: String, role: Role, network: Network, classNames: [String], usualSteps: Int,
        stepCounts: ClosedRange<Int>
    ) {
        (self.name, self.role, self.network) = (name, role, network)
        (self.usualSteps, self.stepCounts) = (usualSteps, stepCounts)
        switch network {
        case .pixels(let denoiser, _):
            (height, width) = (denoiser.sampleShape[1], denoiser.sampleShape[2])
            self.classNames = classNames.isEmpty ? (0..<denoiser.classCount).map { "\($0)" } : classNames
        case .text(let model):
            (height, width) = (model.folder.trainedHeight, model.folder.trainedWidth)
            self.classNames = []
        }
    }

    /// Whether it makes images of prompts.
    public var takesPrompts: Bool {
        if case .text = network { true } else { false }
    }

    /// What the sides of its images are multiples of; nil where they cannot be chosen.
    public var sizeUnit: Int? {
        if case .text(let model) = network { model.folder.sizeUnit } else { nil }
    }

    /// How much prompts count where nothing is said, 1 being all that the model takes or needs; nil for a model without text.
    public var usualGuidance: Double? {
        if case .text(let model) = network {
            model.folder.usualGuidance(steps: model.folder.usualSteps)
        } else {
            nil
        }
    }

    /// The class that a text names, by its number or its name.
    ///
    /// - Throws: ``SettingError`` for something else.
    public func label(named text: String) throws -> Int? {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !classNames.isEmpty else {
            guard text.isEmpty else {
                throw SettingError(
                    "prompt", "means nothing to \(name), which knows neither text nor classes",
                    "leave it empty")
            }
            return nil
        }
        if let number = Int(text), classNames.indices.contains(number) { return number }
        if let found = classNames.firstIndex(where: { $0.lowercased() == text.lowercased() }) { return found }
        let known = classNames.enumerated().map { "\($1)" == "\($0)" ? "\($0)" : "\($0) (\($1))" }
        let list = known.count > 20 ? "0 to \(known.count - 1)" : known.joined(separator: ", ")
        throw SettingError(
            "prompt", "is '\(text.prefix(60))', and \(name) knows classes in the place of text",
            "give the number or the name of one: \(list)")
    }

    /// Whether images can be made as a request asks.
    ///
    /// - Throws: ``SettingError``, or an error of Stable Diffusion's sizes and steps.
    public func check(_ request: ImageRequest) throws { _ = try way(of: request) }

    /// Whether two requests, which must have been checked, can be met by one evaluation of the network.
    public func canJoin(_ one: ImageRequest, _ other: ImageRequest) -> Bool {
        guard let one = try? way(of: one), let other = try? way(of: other) else { return false }
        return one == other
    }
}

extension ImageModel {
    /// How images are made; requests of the same way can go through the network together.
    struct Way: Equatable {
        var steps: Int
        var method = SamplingMethod.heun
        var guidance = 1.0
        var negativePrompt = ""
        /// The shape of the noise.
        var shape: [Int]
    }

    /// - Throws: ``SettingError`` for what the model cannot do.
    func way(of request: ImageRequest) throws -> Way {
        try require(("count", request.count, .sheetCounts), ("steps", request.steps, .samplerSteps))
        if let fraction = request.blend?.fraction, !(0...1).contains(fraction) {
            throw SettingError("fraction", "is \(fraction)", "give 0 to 1")
        }
        if let steps = request.steps, !stepCounts.contains(steps) {
            let range =
                stepCounts.count == 1
                ? "\(stepCounts.lowerBound)" : "\(stepCounts.lowerBound) to \(stepCounts.upperBound)"
            throw SettingError("steps", "is \(steps)", "\(name) takes \(range)")
        }
        switch network {
        case .pixels(let denoiser, let use): return try way(of: request, denoiser, use)
        case .text(let model): return try way(of: request, model)
        }
    }

    private func way(of request: ImageRequest, _ denoiser: EDMDenoiser, _ use: WeightsUse) throws -> Way {
        guard request.prompt == nil else {
            throw SettingError("prompt", "means nothing to \(name), which knows no text", "leave it out")
        }
        guard request.negativePrompt.isEmpty, request.guidance == nil else {
            throw SettingError(
                request.negativePrompt.isEmpty ? "guidance" : "negativePrompt",
                "means nothing to \(name), which knows no text", "leave it out")
        }
        if let label = request.label, !classNames.indices.contains(label) {
            throw SettingError(
                "label", "is \(label)",
                classNames.isEmpty
                    ? "\(name) has no classes: leave it out"
                    : "\(name) has the classes 0 to \(classNames.count - 1)")
        }
        guard request.height ?? height == height, request.width ?? width == width else {
            throw SettingError(
                "size", "is \(request.width ?? width)x\(request.height ?? height)",
                "\(name) makes images of \(width)x\(height)")
        }
        let (steps, method) = try Sampling(steps: request.steps ?? usualSteps).steps(of: use)
        return Way(steps: steps, method: method, shape: denoiser.sampleShape)
    }

    private func way(of request: ImageRequest, _ model: StableDiffusion) throws -> Way {
        guard let prompt = request.prompt else {
            throw SettingError("prompt", "is missing, which \(name) needs", "give one")
        }
        guard !prompt.utf8.contains(0), !request.negativePrompt.utf8.contains(0) else {
            throw SettingError("prompt", "holds a zero character", "leave it out")
        }
        if request.label != nil {
            throw SettingError("label", "belongs to a model of classes, not of text", "leave it out")
        }
        try requireGuidance(request.guidance)
        let steps = request.steps ?? usualSteps
        if steps > 1 { try model.folder.scheduler.check(steps: steps) }
        let guidance = request.guidance ?? model.folder.usualGuidance(steps: steps)
        guard guidance != 1 || request.negativePrompt.isEmpty else {
            throw SettingError(
                "negativePrompt", "is of no use without guidance, which is 1",
                "leave it out, or give a `guidance` above 1")
        }
        return Way(
            steps: steps, guidance: guidance, negativePrompt: request.negativePrompt,
            shape: try model.folder.latentShape(height: request.height, width: request.width))
    }
}
