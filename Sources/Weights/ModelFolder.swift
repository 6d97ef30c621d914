// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
import OrderedCollections
public import Torch

/// A folder that holds a network as diffusers and transformers write them: its settings as `config.json`, and its weights
/// in one file or in several that an index names, as safetensors or else as PyTorch's `.bin`.
public struct ModelFolder: Sendable {
    /// The folder.
    public let url: URL
    /// How the weights' files are called, such as `diffusion_pytorch_model` or `model`.
    public let weightsName: String
    /// The variant of the weights to take where the folder has it, such as `fp16`; nil for the weights without one, or the only one
    /// there is.
    public let variant: String?

    /// Names a folder; nothing is read yet.
    public init(_ url: URL, weightsName: String, variant: String? = nil) {
        (self.url, self.weightsName, self.variant) = (url, weightsName, variant)
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

    func requireFolder() throws(ModelFolderError) {
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

    /// Copies the weights into a network, all of them or, when some are missing or shapes do not fit, none; types are
    /// converted, and matrices may be stored as convolutions of size 1.
    ///
    /// - Parameters:
    ///   - module: the network.
    ///   - naming: the network's name of a tensor of the files; nil for one that it does not need.
    ///   - warn: hears, in a sentence, of tensors that are of no network with these settings, and ignored.
    /// - Throws: ``ModelFolderError``, ``SafetensorsError``, ``ConversionError``.
    public func load(
        into module: some Module, naming: (String) -> String? = { $0 }, warn: (String) -> Void = { _ in }
    ) throws {
        let state = module.state
        var parts: [FilePart] = []
        var shapes: OrderedDictionary<String, [Int]> = [:]
        var ignored: [String] = []
        var stored: [String: (file: StoredWeights, name: String)] = [:]
        for file in try weightFiles() {
            var part = FilePart(file: file)
            for name in file.names {
                guard let own = naming(name) else { continue }
                stored[own] = (file, name)
                if Int8Checkpoint.isScale(own) { continue }
                guard let target = state[own] else {
                    ignored.append(name)
                    continue
                }
                let shape = try file.shape(of: name)
                let fits =
                    shape.starts(with: target.shape) && shape.dropFirst(target.rank).allSatisfy { $0 == 1 }
                guard shapes.updateValue(fits ? target.shape : shape, forKey: own) == nil else {
                    throw SafetensorsError.duplicateName(file: file.url.path, name: own)
                }
                if try file.dtype(of: name) == .int8 { continue }
                part.names.append((name, own))
                part.byteCount += shape.reduce(1, *) * (try file.dtype(of: name).size)
                if part.byteCount > FilePart.size {
                    parts.append(part)
                    part = FilePart(file: file)
                }
            }
            if !part.names.isEmpty { parts.append(part) }
        }
        do {
            try StateMismatch.check(shapes, against: state, of: String(describing: type(of: module)))
        } catch let mismatch as StateMismatch {
            throw ModelFolderError.mismatch(folder: url.path, mismatch)
        }
        if !ignored.isEmpty { warn(surplus(ignored)) }
        try withoutGradients { for part in parts { try part.copy(into: state) } }
        do {
            try Int8Checkpoint.use(in: module, names: stored.keys) { [stored] name in
                guard let (file, name) = stored[name] else { preconditionFailure("\(name) is stored") }
                return try file.tensor(name)
            }
        } catch let error as Int8Error {
            throw ModelFolderError.damaged(folder: url.path, reason: error.reason)
        }
    }

    /// Reads all weights, one after another.
    ///
    /// - Throws: ``ModelFolderError``, ``SafetensorsError``, ``ConversionError``, and what `body` throws.
    package func eachTensor(_ body: (_ name: String, _ tensor: Tensor) throws -> Void) throws {
        for file in try weightFiles() {
            for name in file.names { try body(name, try file.tensor(name)) }
        }
    }

    private func surplus(_ names: [String]) -> String {
        let shown = names.prefix(3).joined(separator: ", ")
        let others = names.count > 3 ? " and \(names.count - 3) more" : ""
        return
            "\(url.relativePath) has weights that a network of its config.json does not need, \(shown)\(others): they are ignored."
    }

    /// Tensors of a file that are read at once: of a mapped file, what was read counts as memory until the file is closed.
    private struct FilePart {
        /// How many bytes of a file are read before it is closed.
        static let size = 1 << 28

        let file: StoredWeights
        var names: [(inFile: String, own: String)] = []
        var byteCount = 0

        func copy(into state: OrderedDictionary<String, Tensor>) throws {
            let file = try file.reopened()
            let copies = concurrently(names.count) { index in
                Result { try state[names[index].own].map { try file.copy(names[index].inFile, into: $0) } }
            }
            for copy in copies { _ = try copy.get() }
        }
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
    /// There are several variants of the weights, and nothing says which is meant.
    case severalVariants(folder: String, files: [String])
    /// The weights are there only in other variants than the one asked for.
    case noVariant(folder: String, variant: String, files: [String])
    /// The weights are not those of the network that the settings describe.
    case mismatch(folder: String, StateMismatch)
    /// Its numbers of eight bits cannot be used.
    case damaged(folder: String, reason: String)

    /// One sentence on what is wrong and what to do.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "\(file) cannot be read: \(reason); check that the model's folder is complete."
        case .badSettings(let file, let reason):
            "\(file) cannot be used: \(reason); use a model of a kind that is supported, or copy the file again."
        case .noWeights(let folder, let name):
            "\(folder) has no weights: \(name) is missing; copy or download it again."
        case .severalVariants(let folder, let files):
            "\(folder) has several variants of the weights, \(files.joined(separator: ", ")): choose one (--variant of dmd, `variant` of the "
                + "library), keep one alone, or give one the name without a variant."
        case .noVariant(let folder, let variant, let files):
            "\(folder) has weights neither of the variant '\(variant)' nor without one, but \(files.joined(separator: ", ")): name another "
                + "variant, or none."
        case .mismatch(let folder, let mismatch):
            "The files of \(folder) do not belong together: \(mismatch)"
        case .damaged(let folder, let reason):
            "\(folder) has weights in int8 that cannot be used: \(reason); export them again."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}

extension KeyedDecodingContainer {
    /// Refuses a setting that has a value other than the only one that is supported; one that is absent or null is fine.
    package func require<Value: Decodable & Equatable>(_ expected: Value, forKey key: Key) throws {
        guard let found = try decodeUniform(Value.self, forKey: key), found != expected else { return }
        throw refusal(of: key, found: found, expected: "\(expected)")
    }

    /// A setting that may be given once or, as equal values in a list, for each part of a network; nil if it is absent or null.
    package func decodeUniform<Value: Decodable & Equatable>(_ type: Value.Type, forKey key: Key) throws
        -> Value?
    {
        if let list = try? decodeIfPresent([Value].self, forKey: key), let first = list.first {
            guard list.allSatisfy({ $0 == first }) else {
                throw refusal(of: key, found: list, expected: "one value, or a list of equal ones")
            }
            return first
        }
        return try decodeIfPresent(Value.self, forKey: key)
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
