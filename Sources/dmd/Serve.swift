// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import DMDKit
import Foundation
import Server

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Show models and runs in the browser, and make images by an API.",
        discussion: """
            Without a model or a run, the bundled generator beside its teacher. The page compares a generator with its teacher \
            on the same noise, and shows runs while they go on. The API is that of OpenAI (/v1/images/generations) and of A1111's \
            web UI (/sdapi/v1/txt2img). Only this machine can reach it, unless --host says otherwise; a token is then needed.
            """)

    @Argument(
        help:
            "Weights as safetensors, Stable Diffusion as folders or single files, folders of runs, or folders that hold some."
    )
    var places: [Path] = []

    @Option(help: "The teacher to compare with: weights as safetensors, or a folder of Stable Diffusion.")
    var teacher: Path?

    @Option(help: "A text file with the names of the models' classes, one a line.")
    var classNames: Path?

    @Option(help: "The folder of a tiny autoencoder, which decodes in the place of Stable Diffusion's own.")
    var tinyDecoder: Path?

    @Option(help: "The folder of CLIP's tokenizer, for models of Stable Diffusion in one file.")
    var tokenizer: Path?

    @Option(help: "The address to listen at; 0.0.0.0 for all that this machine has.")
    var host = "127.0.0.1"

    @Option(parsing: .unconditional, help: "The port to listen at; 0 for any that is free.")
    var port = 7860

    @Option(
        help:
            "What requests must show (default: none on this machine alone, else one that is made and printed)."
    )
    var token: String?

    @OptionGroup var compute: ComputeOptions

    func run() async throws {
        do {
            try await serve()
        } catch {
            throw Terminal.failure(error)
        }
    }

    private func serve() async throws {
        var settings = ServerSettings(compute: try compute.settings())
        (settings.host, settings.port, settings.token) = (host, port, token)
        if token == nil, !settings.isLoopback { settings.token = ServerSettings.makeToken() }
        let (loads, runs) = try jobs(settings.compute)
        try await WebServer.checkAddress(settings)
        var models: [ImageModel] = []
        for load in loads {
            Terminal.say("Loading \(load.place.lastPathComponent) ...\n")
            let model = try await Terminal.run(load)
            models.append(model)
            // The first evaluation takes longer than others, which nobody should wait for. That of a text's may take minutes.
            if !model.takesPrompts {
                _ = try await MakeImages([ImageRequest()], by: model, compute: settings.compute).result()
            }
        }
        let server = try WebServer(models: models, runs: runs, settings: settings)
        try await server.run { [settings] port in
            let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
            let shown = ["0.0.0.0", "[::]"].contains(host) ? ProcessInfo.processInfo.hostName : host
            let query = settings.token.map { "?token=\($0)" } ?? ""
            Terminal.say("Open http://\(shown):\(port)/\(query) in a browser; Ctrl-C ends it.\n")
        }
    }

    /// What is to be loaded, and the runs that are to be shown.
    private func jobs(_ compute: ComputeSettings) throws -> (loads: [LoadImageModel], runs: [RunView]) {
        var (loads, runs) = ([LoadImageModel](), [RunView]())
        for place in places {
            switch try ServedPlace(place.url) {
            case .model: loads.append(LoadImageModel(place.url, compute: compute))
            case .runs(let found): runs += found
            }
        }
        if let teacher {
            guard case .model = try ServedPlace(teacher.url) else {
                throw ValidationError(
                    "--teacher is a run's folder: name weights, or a folder of Stable Diffusion.")
            }
            loads.append(LoadImageModel(teacher.url, as: .teacher, compute: compute))
        }
        if places.isEmpty {
            loads.insert(.bundled(.generator, compute: compute), at: 0)
            if teacher == nil { loads.append(.bundled(.teacher, compute: compute)) }
        }
        let names = try classNames.map { path in
            try String(contentsOf: path.url, encoding: .utf8).split(separator: "\n").map(String.init)
        }
        for index in loads.indices {
            if let names { loads[index].classNames = names }
            loads[index].tinyDecoder = tinyDecoder?.url
            if loads[index].isSingleFile { loads[index].tokenizer = tokenizer?.url }
        }
        if tokenizer != nil, !loads.contains(where: \.isSingleFile) {
            throw ValidationError(
                "--tokenizer is for a whole model of Stable Diffusion in one file, of which there is none.")
        }
        return (loads, runs)
    }
}
