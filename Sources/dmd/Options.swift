// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Files
import Foundation
import Torch
import Training

/// Where to compute.
struct ComputeOptions: ParsableArguments {
    @Option(help: "Where to compute: cpu, cuda, cuda:INDEX or mps.")
    var device = "cpu"

    @Option(help: "Threads to use on the CPU (default: all cores).")
    var threads: Int?

    func validate() throws {
        if let threads, threads < 1 {
            throw ValidationError("--threads is \(threads); give at least 1.")
        }
    }

    /// The device, once libtorch has been told the number of threads.
    ///
    /// - Parameter begun: the number if the user gives none.
    func resolved(threads begun: Int? = nil) throws -> Device {
        LibTorch.threads = threads ?? begun ?? LibTorch.threads
        LibTorch.operatorThreads = 1
        return try Device(parsing: device)
    }
}

/// Which settings a run has.
struct RecipeOptions: ParsableArguments {
    @Option(
        help: """
            A YAML file of settings, or the name of one that comes along, such as cifar10-conditional; those it does \
            not name keep their defaults.
            """)
    var recipe: Path?

    @Option(name: .customLong("set"), help: "One setting, such as batch=32; may be given several times.")
    var overrides: [String] = []

    @Flag(help: "Print the settings and what the run would cost, and stop.")
    var dryRun = false

    /// The settings, checked, and where they come from by default.
    func resolved<R: Recipe>(as type: R.Type = R.self, default file: URL? = nil) throws -> R {
        try R.resolved(from: recipe.map(Bundled.recipe) ?? file, overrides: overrides)
    }
}

/// A path as typed, relative to the working directory.
struct Path: ExpressibleByArgument, CustomStringConvertible {
    let description: String
    var url: URL { URL(fileURLWithPath: description) }

    init(argument: String) { description = argument }

    /// Whether there is a folder.
    var isFolder: Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// Where scripts/setup puts the weights of LPIPS.
    static let lpips = Path(argument: ".weights/lpips-vgg16.safetensors")

    static var defaultCompletionKind: CompletionKind { .file() }
}

/// Files that come with the program.
enum Bundled {
    /// - Throws: ``CommandError`` where this copy of the program has none.
    static func teacher() throws -> URL { try weights("teacher") }

    /// - Throws: ``CommandError`` where this copy of the program has none.
    static func generator() throws -> URL { try weights("generator") }

    /// The settings of `scripts/demo`.
    static let demoRecipe = recipes.appending(path: "demo.yaml")

    /// The file of a recipe that is given as a path or, where there is no such file, by its name here.
    ///
    /// - Throws: ``CommandError`` where there is neither.
    static func recipe(_ path: Path) throws -> URL {
        let named = recipes.appending(path: "\(path).yaml")
        guard let found = [path.url, named].first(where: { FileManager.default.fileExists(atPath: $0.path) })
        else {
            let files = (try? FileManager.default.contentsOfDirectory(atPath: recipes.path)) ?? []
            let names = files.filter { $0.hasSuffix(".yaml") }.map { $0.dropLast(".yaml".count) }.sorted()
            throw CommandError(
                "There is no recipe '\(path)': name a YAML file, or one of \(names.joined(separator: ", ")).")
        }
        return found
    }

    private static let recipes = resource("Recipes")

    private static func weights(_ role: String) throws -> URL {
        let url = resource("fashion-mnist-\(role).safetensors")
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw CommandError(
                "This version comes with no \(role) yet: train one with `dmd train-teacher`, and name weights with "
                    + "--teacher or --weights.")
        }
        return url
    }

    private static func resource(_ name: String) -> URL {
        Bundle.module.bundleURL.appending(path: "Resources").appending(path: name)
    }
}

/// - Throws: `ValidationError` for an option below 1.
func requirePositive(_ options: (name: String, value: Int)...) throws {
    for (name, value) in options where value < 1 {
        throw ValidationError("--\(name) is \(value); give at least 1.")
    }
}

/// - Throws: `ValidationError` for a guidance below 1.
func requireGuidance(_ guidance: Double?) throws {
    if let guidance, !(guidance >= 1 && guidance.isFinite) {
        throw ValidationError("--guidance is \(guidance); give at least 1, which is without guidance.")
    }
}

/// Writes to standard error, if it is still open.
func say(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }

/// Something that the user can put right, in one sentence.
struct CommandError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
