// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation

/// Files that jobs need beside what they are given: those that come with this library, and those that are installed.
public enum DataFiles {
    /// The bundled Fashion-MNIST teacher.
    static var teacher: URL { bundled("fashion-mnist-teacher.safetensors") }
    /// The bundled one-step generator of its images.
    static var generator: URL { bundled("fashion-mnist-generator.safetensors") }
    /// The recipe of a distillation that is told nothing else.
    static var usualRecipe: URL { bundled("Recipes/dmd.yaml") }

    /// The names of the bundled recipes.
    public static var recipeNames: [String] {
        let files = (try? names(in: bundled("Recipes"))) ?? []
        return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(".yaml".count)) }.sorted()
    }

    /// The file of a recipe that is given as a path or, where there is no such file, by its name here.
    ///
    /// - Throws: ``KitError`` where there is neither.
    static func recipe(_ path: String) throws -> URL {
        let places = [URL(filePath: path), bundled("Recipes/\(path).yaml")]
        guard let found = places.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
            throw KitError(
                "There is no recipe '\(path)': name a YAML file, or one of \(recipeNames.joined(separator: ", "))."
            )
        }
        return found
    }

    /// Weights that are installed: in `.weights/` of the working folder or beside the program, or in the user's data folder.
    ///
    /// - Parameters:
    ///   - path: the file that was named, if any.
    ///   - name: that of the file otherwise.
    ///   - what: what it is, for the message.
    /// - Throws: ``KitError`` that says where was looked.
    static func weights(_ path: String?, named name: String, of what: String) throws -> URL {
        let places = path.map { [URL(filePath: $0)] } ?? weightFolders.map { $0.appending(path: name) }
        guard let found = places.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
            let looked = places.map(\.relativePath).joined(separator: ", nor at ")
            throw KitError(
                "The weights of \(what) are not at \(looked): run scripts/setup, which fetches those of LPIPS and "
                    + "EfficientNet-Lite0, or name the file.")
        }
        return found
    }

    /// LPIPS's weights, see ``weights(_:named:of:)``.
    static func lpips(_ path: String?) throws -> URL {
        try weights(path, named: "lpips-vgg16.safetensors", of: "LPIPS")
    }

    /// EfficientNet-Lite0's weights, see ``weights(_:named:of:)``.
    static func efficientNet(_ path: String?) throws -> URL {
        try weights(path, named: "efficientnet-lite0.pth", of: "EfficientNet-Lite0")
    }

    /// Where weights are looked for, in this order.
    static var weightFolders: [URL] {
        let program = programFolder
        return [
            URL(filePath: ".weights"), program?.appending(path: ".weights"),
            // A program in its build folder, three levels below the repository.
            program?.appending(path: "../../../.weights").standardizedFileURL,
            userData.appending(path: "dmd/weights"),
        ].compactMap(\.self)
    }

    /// The commit that an installed program was built from; nil in a build folder.
    static var commit: String? {
        guard let file = programFolder?.appending(path: "commit"),
            let text = try? String(contentsOf: file, encoding: .utf8)
        else { return nil }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static var programFolder: URL? {
        Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent()
    }

    /// The folder of the user's data: `XDG_DATA_HOME`, or `~/.local/share`.
    static var userData: URL { folder("XDG_DATA_HOME", else: ".local/share") }

    /// The folder of what can be made again: `XDG_CACHE_HOME`, or `~/.cache`.
    static var userCache: URL { folder("XDG_CACHE_HOME", else: ".cache") }

    /// Where Hugging Face's tools keep repositories: `HF_HUB_CACHE`, `hub` in `HF_HOME`, or `~/.cache/huggingface/hub`.
    static var hubCache: URL {
        let home = folder("HF_HOME", else: ".cache/huggingface").appending(path: "hub")
        return variable("HF_HUB_CACHE") ?? home
    }

    private static func folder(_ name: String, else path: String) -> URL {
        variable(name) ?? FileManager.default.homeDirectoryForCurrentUser.appending(path: path)
    }

    /// The absolute path in a variable of the environment.
    private static func variable(_ name: String) -> URL? {
        guard let path = ProcessInfo.processInfo.environment[name], path.hasPrefix("/") else { return nil }
        return URL(filePath: path)
    }

    /// Where Debian's package and upstream's files of Fashion-MNIST are looked for.
    ///
    /// - Throws: ``KitError`` if they are not there.
    static func fashionMNIST() throws -> URL {
        let places = ["data/fashion-mnist", "/usr/share/datasets/fashion-mnist"]
        guard let found = places.first(where: FileManager.default.fileExists(atPath:)) else {
            throw KitError(
                "Fashion-MNIST is neither in \(places.joined(separator: " nor in ")): run scripts/setup, or name a set "
                    + "of images.")
        }
        return URL(filePath: found)
    }

    private static func bundled(_ name: String) -> URL {
        Bundle.module.bundleURL.appending(path: "Resources").appending(path: name)
    }
}
