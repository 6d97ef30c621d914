// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
public import OrderedCollections
public import Torch

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
    /// - Throws: `FileError`.
    public func write(
        _ configuration: some Encodable, weights tensors: OrderedDictionary<String, Tensor>,
        metadata: [String: String] = [:]
    ) throws {
        try makeFolder(url)
        // transformers refuses weights that do not say whose tensors they are.
        try SafetensorsFile.write(tensors, metadata: metadata.merging(["format": "pt"]) { $1 }, to: weights)
        try Self.encode(configuration, to: settings)
    }

    /// Copies a network's settings to another folder, and gives it other weights.
    ///
    /// - Throws: ``SafetensorsError``, `FileError`.
    package func copy(to folder: URL, weights: OrderedDictionary<String, Tensor>) throws {
        try makeFolder(folder)
        let copy = ModelFolder(folder, weightsName: weightsName)
        try SafetensorsFile.write(weights, metadata: ["format": "pt"], to: copy.weights)
        try copyFile(settings, to: copy.settings)
    }

    /// Copies a network to another folder with its weights in one file, their numbers with a fraction of a given type.
    ///
    /// Weights that already are so share their place on the disk with the copy, as a hard link, where the file system allows
    /// it: programs replace a file of weights and do not change what is in it.
    ///
    /// - Throws: ``ModelFolderError``, ``SafetensorsError``, ``ConversionError``, `FileError`.
    public func copy(to folder: URL, dtype: DType) throws {
        try makeFolder(folder)
        let copy = ModelFolder(folder, weightsName: weightsName)
        let files = try weightFiles()
        if files.count == 1, case .safetensors(let file) = files[0], try file.isStored(as: dtype) {
            try linkFile(file.url, as: copy.weights)
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
        try copyFile(settings, to: copy.settings)
    }

    /// Writes a JSON file whole or not at all, its keys in order and for people to read.
    ///
    /// - Throws: `FileError`.
    public static func encode(_ content: some Encodable, to file: URL) throws {
        try writeAtomically(JSONEncoder.file.encode(content) + Data("\n".utf8), to: file)
    }
}

extension SafetensorsFile {
    /// Whether all numbers with a fraction are of a type.
    fileprivate func isStored(as dtype: DType) throws -> Bool {
        try names.map(self.dtype(of:)).allSatisfy { !$0.isFloatingPoint || $0 == dtype }
    }
}
