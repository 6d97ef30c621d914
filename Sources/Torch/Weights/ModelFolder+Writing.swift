// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
public import OrderedCollections

extension ModelFolder {
    /// The file that weights are written to, and read from first.
    public var weights: URL { url.appending(path: "\(weightsName).safetensors") }

    /// Writes a network as diffusers and transformers read it: `config.json`, and one file of weights. The folder is made if
    /// need be; each file is written whole or not at all.
    ///
    /// - Parameters:
    ///   - configuration: the network's settings, which encode to what those programs read.
    ///   - tensors: its weights by their published names.
    ///   - metadata: texts to store along with the weights.
    /// - Throws: ``ModelFolderError/unwritable(file:reason:)``, ``SafetensorsError/unwritable(file:reason:)``.
    public func write(
        _ configuration: some Encodable, weights tensors: OrderedDictionary<String, Tensor>,
        metadata: [String: String] = [:]
    ) throws {
        try Self.makeFolder(url)
        // transformers refuses weights that do not say whose tensors they are.
        try SafetensorsFile.write(tensors, metadata: metadata.merging(["format": "pt"]) { $1 }, to: weights)
        try Self.encode(configuration, to: settings)
    }

    /// Copies a network to another folder with its weights in one file, their numbers with a fraction of a given type.
    ///
    /// Weights that already are so share their place on the disk with the copy, as a hard link, where the file system allows
    /// it: programs replace a file of weights and do not change what is in it.
    ///
    /// - Throws: ``ModelFolderError``, ``SafetensorsError``.
    public func copy(to folder: URL, dtype: DType) throws {
        let copy = ModelFolder(try Self.makeFolder(folder), weightsName: weightsName)
        let files = try weightFiles()
        if files.count == 1, try files[0].isStored(as: dtype) {
            try Self.link(files[0].url, as: copy.weights)
        } else {
            var tensors: OrderedDictionary<String, Tensor> = [:]
            for file in files {
                for name in file.names {
                    let tensor = try file.tensor(name)
                    tensors[name] = tensor.dtype.isFloatingPoint ? tensor.to(dtype) : tensor
                }
            }
            try SafetensorsFile.write(tensors, metadata: ["format": "pt"], to: copy.weights)
        }
        try Self.copyFile(settings, to: copy.settings)
    }

    /// Writes a JSON file whole or not at all, its keys in order and for people to read.
    ///
    /// - Throws: ``ModelFolderError/unwritable(file:reason:)``.
    public static func encode(_ content: some Encodable, to file: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try write(encoder.encode(content) + Data("\n".utf8), to: file)
    }

    /// Copies a file, whole or not at all.
    ///
    /// - Throws: ``ModelFolderError``.
    package static func copyFile(_ source: URL, to target: URL) throws {
        let data: Data
        do {
            data = try Data(contentsOf: source, options: .alwaysMapped)
        } catch {
            throw ModelFolderError.unreadable(file: source.path, reason: cause(of: error))
        }
        try write(data, to: target)
    }

    /// Makes a folder and those above it, unless they exist.
    ///
    /// - Returns: the folder.
    /// - Throws: ``ModelFolderError/unwritable(file:reason:)``.
    @discardableResult
    package static func makeFolder(_ folder: URL) throws -> URL {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw ModelFolderError.unwritable(file: folder.path, reason: cause(of: error))
        }
        return folder
    }

    /// Writes a file whole or not at all.
    ///
    /// - Throws: ``ModelFolderError/unwritable(file:reason:)``.
    package static func write(_ data: Data, to file: URL) throws {
        do {
            try writeWhole(to: file) { try data.withUnsafeBytes($0) }
        } catch {
            throw ModelFolderError.unwritable(file: file.path, reason: cause(of: error))
        }
    }

    /// Gives a file a second name, or copies it where that cannot be, as on another disk.
    private static func link(_ file: URL, as target: URL) throws {
        let source = file.resolvingSymlinksInPath()
        unlink(target.path)
        guard Foundation.link(source.path, target.path) != 0 else { return }
        try copyFile(source, to: target)
    }
}

extension SafetensorsFile {
    /// Whether all numbers with a fraction are of a type.
    fileprivate func isStored(as dtype: DType) throws -> Bool {
        try names.map(self.dtype(of:)).allSatisfy { !$0.isFloatingPoint || $0 == dtype }
    }
}
