// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Files
public import Foundation
import Models
import Torch
import Weights

/// Loads a model that stays in memory.
public struct LoadImageModel: Job {
    /// A file of weights, or a folder of Stable Diffusion or a file of a whole model.
    public var place: URL
    /// What it is; nil for what the file says, a generator where it says nothing.
    public var role: ImageModel.Role?
    /// The names of the classes, one for each; nil for numbers.
    public var classNames: [String]?
    /// The folder of a tiny autoencoder, which decodes in the place of the model's own.
    public var tinyDecoder: URL?
    /// The folder of the tokenizer of a model in one file; nil for one that is found beside it, in the user's data folder or in Hugging
    /// Face's cache.
    public var tokenizer: URL?
    /// Where it computes.
    public var compute: ComputeSettings

    /// A model to load; see the properties.
    public init(_ place: URL, as role: ImageModel.Role? = nil, compute: ComputeSettings = .cpu) {
        (self.place, self.role, self.compute) = (place, role, compute)
    }

    /// The bundled teacher or generator, whose classes have the names of Fashion-MNIST.
    public static func bundled(_ role: ImageModel.Role, compute: ComputeSettings = .cpu) -> LoadImageModel {
        LoadImageModel(
            role == .teacher ? DataFiles.teacher : DataFiles.generator, as: role, compute: compute)
    }

    /// Whether it is a whole model of Stable Diffusion in one file, which needs a ``tokenizer``.
    public var isSingleFile: Bool { SingleFileModel(place) != nil }

    /// Loads it.
    ///
    /// - Throws: what is wrong with its files.
    public func run(in context: JobContext) throws -> ImageModel {
        let folder = try modelFolder(place, tokenizer: tokenizer, context)
        return isFolder(folder) ? try loadText(folder, context) : try loadPixels()
    }

    private func loadPixels() throws -> ImageModel {
        let name = place.deletingPathExtension().lastPathComponent
        var use = try WeightsUse(of: place)
        if use.role == nil, let role { use.role = role == .teacher ? .teacher : .generator }
        let denoiser = try loadDenoiser(at: place, device: compute.device)
        let (_, method) = try Sampling().steps(of: use)
        try method.check(denoiser, of: place)
        let isBundled = [DataFiles.teacher, DataFiles.generator].contains(place)
        let names = classNames ?? (isBundled ? Self.fashionMNIST : [])
        guard names.isEmpty || names.count == denoiser.classCount else {
            throw SettingError(
                "classNames", "are \(names.count), and \(name) has \(denoiser.classCount) classes",
                "give one for each")
        }
        let isTeacher = use.role == .teacher
        return ImageModel(
            name: name, role: isTeacher ? .teacher : .generator, network: .pixels(denoiser, use),
            classNames: names, usualSteps: use.usualSteps,
            stepCounts: isTeacher ? .samplerSteps : 1...(use.levels?.count ?? 1))
    }

    private func loadText(_ folder: URL, _ context: JobContext) throws -> ImageModel {
        if classNames != nil {
            throw SettingError("classNames", "belong to a model of classes, not of text", "leave them out")
        }
        var folder = try StableDiffusionFolder(folder)
        folder.warn = context.warn
        let model = try StableDiffusion(folder, tinyDecoder: tinyDecoder, device: compute.device)
        return ImageModel(
            name: (isFolder(place) ? place : place.deletingPathExtension()).standardizedFileURL
                .lastPathComponent,
            role: folder.isGenerator ? .generator : role ?? .teacher,
            network: .text(model), classNames: [], usualSteps: folder.usualSteps,
            stepCounts: folder.isGenerator ? 1...folder.scheduler.generatorSteps : .samplerSteps)
    }

    private static let fashionMNIST = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
        "Ankle boot",
    ]
}
