// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
import OrderedCollections
public import Torch

/// A folder that holds a network as diffusers and transformers write them: its settings as `config.json`, and its weights
/// in one safetensors file or in several that an index names.
public struct ModelFolder: Sendable {
    /// The folder.
    public let url: URL
    /// How the weights' files are called, such as `diffusion_pytorch_model` or `model`.
    public let weightsName: String

    /// Names a folder; nothing is read yet.
    public init(_ url: URL, weightsName: String) {
        self.url = url
        self.weightsName = weightsName
    }

    /// The file of the network's settings.
    public var settings: URL { url.appending(path: "config.json") }

    /// The network's settings.
    ///
    /// - Throws: ``ModelFolderError``.
    public func configuration<Configuration: Decodable>(
        as type: Configuration.Type = Configuration.self
    ) throws -> Configuration {
        try requireFolder()
        return try Self.decode(type, from: settings)
    }

    private func requireFolder() throws(ModelFolderError) {
        guard exists(url), !isFolder(url) else { return }
        throw .unreadable(
            file: url.path,
            reason: "it is a file, where the folder of a model in the layout of diffusers is needed")
    }

    /// Reads a JSON file.
    ///
    /// - Throws: ``ModelFolderError``.
    public static func decode<Content: Decodable>(_ type: Content.Type, from file: URL) throws -> Content {
        let data: Data
        do {
            data = try Data(contentsOf: file)
        } catch {
            throw ModelFolderError.unreadable(file: file.path, reason: cause(of: error))
        }
        do {
            let decoder = JSONDecoder()
            // Python writes infinite numbers by name, which JSON does not know and JSON5 does.
            decoder.allowsJSON5 = true
            return try decoder.decode(type, from: data)
        } catch {
            throw ModelFolderError.badSettings(
                file: file.path, reason: ContentKind(data)?.substitute ?? reason(error))
        }
    }

    /// Copies the weights into a network, all of them or, when names or shapes do not fit, none; types are converted.
    ///
    /// - Parameters:
    ///   - module: the network.
    ///   - naming: the network's name of a tensor of the files; nil for one that it does not need.
    /// - Throws: ``ModelFolderError``, ``SafetensorsError``.
    public func load(into module: some Module, naming: (String) -> String? = { $0 }) throws {
        var parts: [FilePart] = []
        var shapes: OrderedDictionary<String, [Int]> = [:]
        for file in try weightFiles() {
            var part = FilePart(file: file.url)
            for name in file.names {
                guard let own = naming(name) else { continue }
                let shape = try file.shape(of: name)
                guard shapes.updateValue(shape, forKey: own) == nil else {
                    throw SafetensorsError.duplicateName(file: file.url.path, name: own)
                }
                part.names.append((name, own))
                part.byteCount += shape.reduce(1, *) * (try file.dtype(of: name).size)
                if part.byteCount > FilePart.size {
                    parts.append(part)
                    part = FilePart(file: file.url)
                }
            }
            if !part.names.isEmpty { parts.append(part) }
        }
        let state = module.state
        do {
            try StateMismatch.check(shapes, against: state, of: String(describing: type(of: module)))
        } catch let mismatch as StateMismatch {
            throw ModelFolderError.mismatch(folder: url.path, mismatch)
        }
        try withoutGradients { for part in parts { try part.copy(into: state) } }
    }

    /// Tensors of a file that are read at once: of a mapped file, what was read counts as memory until the file is closed.
    private struct FilePart {
        /// How many bytes of a file are read before it is closed.
        static let size = 1 << 28

        let file: URL
        var names: [(inFile: String, own: String)] = []
        var byteCount = 0

        func copy(into state: OrderedDictionary<String, Tensor>) throws {
            let file = try SafetensorsFile(file)
            let copies = concurrently(names.count) { index in
                Result { try state[names[index].own].map { try file.copy(names[index].inFile, into: $0) } }
            }
            for copy in copies { _ = try copy.get() }
        }
    }

    /// The safetensors files: the full-precision ones where there are any, else those of half precision.
    func weightFiles() throws -> [SafetensorsFile] {
        try requireFolder()
        for variant in ["", ".fp16"] {
            // A variant stands before the ending, and before the number of a shard.
            let whole = url.appending(path: "\(weightsName)\(variant).safetensors")
            if exists(whole) { return [try SafetensorsFile(whole)] }
            let index = url.appending(path: "\(weightsName).safetensors.index\(variant).json")
            if exists(index) { return try shards(of: index) }
        }
        let pickled = url.appending(path: weightsName == "model" ? "pytorch_model.bin" : "\(weightsName).bin")
        if exists(pickled) {
            throw ModelFolderError.pickled(file: pickled.path, name: "\(weightsName).safetensors")
        }
        throw ModelFolderError.noWeights(folder: url.path, name: "\(weightsName).safetensors")
    }

    private func shards(of index: URL) throws -> [SafetensorsFile] {
        struct Index: Decodable {
            let weightMap: [String: String]
            private enum CodingKeys: String, CodingKey { case weightMap = "weight_map" }
        }
        let map = try Self.decode(Index.self, from: index).weightMap
        let files = try Set(map.values).sorted().map { name in
            guard !name.contains("/") else {
                throw ModelFolderError.badSettings(
                    file: index.path, reason: "it names the file '\(name)', which is not in this folder")
            }
            return try SafetensorsFile(url.appending(path: name))
        }
        let found = Set(files.flatMap(\.names))
        if let missing = map.keys.sorted().first(where: { !found.contains($0) }) {
            throw ModelFolderError.badSettings(
                file: index.path, reason: "it promises the tensor '\(missing)', which no file holds")
        }
        return files
    }

    private func exists(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }

    /// What a decoder found wrong, in one clause.
    private static func reason(_ error: any Error) -> String {
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        switch error {
        case DecodingError.keyNotFound(let key, _): return "it lacks `\(key.stringValue)`"
        case DecodingError.typeMismatch(let type, let context),
            DecodingError.valueNotFound(let type, let context):
            return context.codingPath.isEmpty
                ? "it is not an object" : "`\(path(context))` is not of the type \(type)"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
            return "`\(path(context))` \(context.debugDescription)"
        default: return "it is not JSON"
        }
    }
}

/// Why a folder does not give a network.
public enum ModelFolderError: LocalizedError, Equatable, CustomStringConvertible {
    /// A file could not be read.
    case unreadable(file: String, reason: String)
    /// A file of settings cannot be used.
    case badSettings(file: String, reason: String)
    /// There are no weights.
    case noWeights(folder: String, name: String)
    /// There are weights only as a pickle, which a program that runs nothing foreign does not read here.
    case pickled(file: String, name: String)
    /// The weights are not those of the network that the settings describe.
    case mismatch(folder: String, StateMismatch)

    /// One sentence on what is wrong and what to do.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "\(file) cannot be read: \(reason); check that the model's folder is complete."
        case .badSettings(let file, let reason):
            "\(file) cannot be used: \(reason); use a model of a kind that is supported, or copy the file again."
        case .noWeights(let folder, let name):
            "\(folder) has no weights: \(name) is missing; copy or download it again."
        case .pickled(let file, let name):
            "\(file) must be converted to safetensors first: run `dmd convert`, and put the result beside it as \(name)."
        case .mismatch(let folder, let mismatch):
            "The files of \(folder) do not belong together: \(mismatch)"
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}

extension KeyedDecodingContainer {
    /// Refuses a setting that has a value other than the only one that is supported; one that is absent or null is fine.
    package func require<Value: Decodable & Equatable>(_ expected: Value, forKey key: Key) throws {
        guard let found = try decodeIfPresent(Value.self, forKey: key), found != expected else { return }
        throw refusal(of: key, found: found, expected: "\(expected)")
    }

    /// Refuses a setting that is there at all, unless it is null.
    package func requireNone(forKey key: Key) throws {
        guard contains(key), try !decodeNil(forKey: key) else { return }
        throw DecodingError.dataCorrupted(
            .init(codingPath: codingPath + [key], debugDescription: "is set, which is not supported"))
    }

    /// An error for a value outside of what is possible.
    package func refusal(of key: Key, found: Any, expected: String) -> DecodingError {
        .dataCorrupted(
            .init(codingPath: codingPath + [key], debugDescription: "is \(found), but must be \(expected)"))
    }
}
