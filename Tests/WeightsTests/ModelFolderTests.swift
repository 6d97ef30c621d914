// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite("Model folders")
struct ModelFolderTests {
    private let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    private var folder: ModelFolder { ModelFolder(url, weightsName: "model") }

    private struct Sizes: Decodable, Equatable {
        let inputs: Int
    }

    @Test("weights of one file, in any precision", arguments: [DType.float32, .float16, .bfloat16])
    func oneFile(dtype: DType) throws {
        defer { try? FileManager.default.removeItem(at: url) }
        let layer = makeLayer()
        try write(["weight": layer.weight.to(dtype), "bias": .ones([2]).to(dtype)], "model.safetensors")
        let other = makeLayer(seed: 2)
        try folder.load(into: other)
        #expect(other.weight.dtype == .float32)
        #expect(other.weight.array(as: Float.self) == layer.weight.to(dtype).array(as: Float.self))
        #expect(other.bias?.array(as: Float.self) == [1, 1])
    }

    @Test("weights of several files, under other names")
    func shards() throws {
        defer { try? FileManager.default.removeItem(at: url) }
        let layer = makeLayer()
        try write(["old.weight": layer.weight], "model-00001-of-00002.safetensors")
        try write(["old.bias": .ones([2]), "ids": .zeros([7])], "model-00002-of-00002.safetensors")
        try write(
            #"{"metadata": {}, "weight_map": {"old.weight": "model-00001-of-00002.safetensors","#
                + #" "old.bias": "model-00002-of-00002.safetensors", "ids": "model-00002-of-00002.safetensors"}}"#,
            "model.safetensors.index.json")
        let other = makeLayer(seed: 2)
        try folder.load(into: other) { $0 == "ids" ? nil : String($0.dropFirst(4)) }
        #expect(other.weight.array(as: Float.self) == layer.weight.array(as: Float.self))
    }

    @Test("weights that do not fit leave the network as it is")
    func mismatch() throws {
        defer { try? FileManager.default.removeItem(at: url) }
        try write(["weight": .ones([2, 4]), "bias": .ones([2])], "model.safetensors")
        let layer = makeLayer()
        let before = layer.bias?.array(as: Float.self)
        let error = try #require(throws: ModelFolderError.self) { try folder.load(into: layer) }
        #expect(
            error.description
                == "The files of \(url.path) do not belong together: The weights do not fit Linear: weight has shape [2, 4] "
                + "instead of [2, 3]. Use weights that were made for this architecture.")
        #expect(layer.bias?.array(as: Float.self) == before)
    }

    @Test("a shard that is cut short is refused by name")
    func truncated() throws {
        defer { try? FileManager.default.removeItem(at: url) }
        try write(["weight": .ones([2, 3]), "bias": .ones([2])], "model.safetensors")
        let file = url.appending(path: "model.safetensors")
        let whole = try Data(contentsOf: file)
        try whole.dropLast(5).write(to: file)
        let error = try #require(throws: SafetensorsError.self) { try folder.load(into: makeLayer()) }
        #expect(
            error == .truncated(file: file.path, expectedBytes: whole.count, foundBytes: whole.count - 5))
    }

    @Test("what an index promises must be there")
    func brokenIndex() throws {
        defer { try? FileManager.default.removeItem(at: url) }
        try write(["bias": .ones([2])], "a.safetensors")
        try write(#"{"weight_map": {"weight": "a.safetensors"}}"#, "model.safetensors.index.json")
        let index = url.appending(path: "model.safetensors.index.json").path
        let error = try #require(throws: ModelFolderError.self) { try folder.load(into: makeLayer()) }
        #expect(
            error.description
                == "\(index) cannot be used: it promises the tensor 'weight', which no file holds; use a model of a kind that "
                + "is supported, or copy the file again.")
        try write(#"{"weight_map": {"weight": "../a.safetensors"}}"#, "model.safetensors.index.json")
        #expect(throws: ModelFolderError.self) { try folder.load(into: makeLayer()) }
    }

    @Test("a folder without weights is refused")
    func noWeights() throws {
        defer { try? FileManager.default.removeItem(at: url) }
        let missing = try #require(throws: ModelFolderError.self) { try folder.load(into: makeLayer()) }
        #expect(
            missing.description
                == "\(url.path) has no weights: model.safetensors is missing; copy or download it again.")
    }

    @Test(
        "PyTorch's files are read by the reader that runs nothing",
        arguments: ["pytorch_model.bin", "pytorch_model.fp16.bin"])
    func pickled(name: String) throws {
        defer { try? FileManager.default.removeItem(at: url) }
        try write("{}", "config.json")
        try FileManager.default.copyItem(at: fixture("weights/linear.bin"), to: url.appending(path: name))
        let layer = makeLayer()
        try folder.load(into: layer)
        #expect(layer.weight.array(as: Int.self) == [1, 2, 3, 4, 5, 6])
        let copy = ModelFolder(url.appending(path: "copy"), weightsName: "model")
        try folder.copy(to: copy.url, dtype: .float16)
        let copied = try SafetensorsFile(copy.weights)
        #expect(
            try copied.tensor("bias").array(as: Int.self) == [7, 8] && copied.dtype(of: "bias") == .float16)
    }

    @Test(
        "a variant is found where it is the only one", arguments: ["fp16", "bf16", "non_ema", "ema", "fp32"])
    func variants(variant: String) throws {
        defer { try? FileManager.default.removeItem(at: url) }
        let layer = makeLayer()
        try write(["weight": layer.weight, "bias": .ones([2])], "model.\(variant).safetensors")
        let other = makeLayer(seed: 2)
        try folder.load(into: other)
        #expect(other.weight.array(as: Float.self) == layer.weight.array(as: Float.self))
        // One without a variant goes before, even as a pickle; of several others none is meant.
        try FileManager.default.copyItem(
            at: fixture("weights/linear.bin"), to: url.appending(path: "pytorch_model.bin"))
        try folder.load(into: other)
        #expect(other.weight.array(as: Int.self) == [1, 2, 3, 4, 5, 6])
        try FileManager.default.removeItem(at: url.appending(path: "pytorch_model.bin"))
        try write(["weight": layer.weight], "model.other.safetensors")
        let several = #expect(throws: ModelFolderError.self) { try folder.load(into: other) }
        #expect(
            several
                == .severalVariants(
                    folder: url.path,
                    files: ["model.\(variant).safetensors", "model.other.safetensors"].sorted()))
    }

    @Test(
        "a variant that is asked for is taken, else the weights without one",
        arguments: ["model.fp16.safetensors", "pytorch_model.fp16.bin", "model.non-ema.safetensors"])
    func chosenVariant(file: String) throws {
        defer { try? FileManager.default.removeItem(at: url) }
        let name = file.contains("fp16") ? "fp16" : "non-ema"
        let (plain, layer) = (makeLayer(seed: 3), makeLayer(seed: 2))
        try write(["weight": plain.weight, "bias": .ones([2])], "model.safetensors")
        if file.hasSuffix(".bin") {
            try FileManager.default.copyItem(at: fixture("weights/linear.bin"), to: url.appending(path: file))
        } else {
            try write(["weight": .ones([2, 3]), "bias": .ones([2])], file)
        }
        func loaded(_ variant: String?) throws -> [Float] {
            try ModelFolder(url, weightsName: "model", variant: variant).load(into: layer)
            return layer.weight.array(as: Float.self)
        }
        #expect(try loaded(nil) == plain.weight.array(as: Float.self))
        #expect(try loaded(name) == (file.hasSuffix(".bin") ? [1, 2, 3, 4, 5, 6] : [1, 1, 1, 1, 1, 1]))
        #expect(try loaded("ema") == plain.weight.array(as: Float.self))
        try FileManager.default.removeItem(at: url.appending(path: "model.safetensors"))
        let error = #expect(throws: ModelFolderError.self) { try loaded("ema") }
        #expect(error == .noVariant(folder: url.path, variant: "ema", files: [file]))
    }

    @Test(
        "a variant in several files has an index, whose name comes in two forms",
        arguments: ["model.safetensors.index.fp16.json", "model.fp16.safetensors.index.json"])
    func chosenIndex(index: String) throws {
        defer { try? FileManager.default.removeItem(at: url) }
        let layer = makeLayer()
        try write(["weight": .zeros([2, 3]), "bias": .zeros([2])], "model.safetensors")
        let shards = (1...2).map { "model.fp16-0000\($0)-of-00002.safetensors" }
        try write(["weight": .ones([2, 3])], shards[0])
        try write(["bias": .ones([2])], shards[1])
        let map = #"{"weight_map": {"weight": "\#(shards[0])", "bias": "\#(shards[1])"}}"#
        try Data(map.utf8).write(to: url.appending(path: index))
        try ModelFolder(url, weightsName: "model", variant: "fp16").load(into: layer)
        #expect(layer.weight.array(as: Int.self) == [1, 1, 1, 1, 1, 1])
        try folder.load(into: layer)
        #expect(layer.weight.array(as: Int.self) == [0, 0, 0, 0, 0, 0])
    }

    @Test("a variant may have an index")
    func variantIndex() throws {
        defer { try? FileManager.default.removeItem(at: url) }
        let layer = makeLayer()
        try write(["weight": layer.weight, "bias": .ones([2])], "model.fp16-00001-of-00001.safetensors")
        try write(
            #"{"weight_map": {"weight": "model.fp16-00001-of-00001.safetensors"}}"#,
            "model.safetensors.index.fp16.json")
        let other = makeLayer(seed: 2)
        try folder.load(into: other)
        #expect(other.weight.array(as: Float.self) == layer.weight.array(as: Float.self))
    }

    @Test("weights that the network does not need are named, and matrices may be convolutions")
    func surplus() throws {
        defer { try? FileManager.default.removeItem(at: url) }
        let layer = makeLayer()
        try write(
            ["weight": layer.weight.reshaped([2, 3, 1, 1]), "bias": .ones([2]), "more.weight": .ones([9])],
            "model.safetensors")
        let other = makeLayer(seed: 2)
        var warnings: [String] = []
        try folder.load(into: other, warn: { warnings.append($0) })
        #expect(other.weight.array(as: Float.self) == layer.weight.array(as: Float.self))
        #expect(
            warnings == [
                "\(url.relativePath) has weights that a network of its config.json does not need, more.weight: they are ignored."
            ])
    }

    @Test("a file in the place of the folder is told as such")
    func file() throws {
        try withTemporaryFolder { temporary in
            let file = temporary.appending(path: "model.safetensors")
            try Data().write(to: file)
            let model = ModelFolder(file, weightsName: "model")
            let expected = ModelFolderError.unreadable(
                file: file.path,
                reason: "it is a file, where the folder of a model in the layout of diffusers is needed")
            #expect(throws: expected) { try model.load(into: makeLayer()) }
            #expect(throws: expected) { let _: [String: Int] = try model.configuration() }
        }
    }

    @Test(
        "settings that cannot be used are refused",
        arguments: [
            ("{", "it is not JSON"), ("[]", "it is not an object"), ("{}", "it lacks `inputs`"),
            (#"{"inputs": "x"}"#, "`inputs` is not of the type Int"),
        ])
    func settings(json: String, reason: String) throws {
        defer { try? FileManager.default.removeItem(at: url) }
        try write(json, "config.json")
        let error = try #require(throws: ModelFolderError.self) { try folder.configuration(as: Sizes.self) }
        #expect(error == .badSettings(file: url.appending(path: "config.json").path, reason: reason))
    }

    @Test("settings are read")
    func goodSettings() throws {
        defer { try? FileManager.default.removeItem(at: url) }
        let error = try #require(throws: ModelFolderError.self) { try folder.configuration(as: Sizes.self) }
        #expect(
            error.description
                == "\(url.path)/config.json cannot be read: no such file or directory; check that the model's folder is complete."
        )
        try write(#"{"inputs": 3, "outputs": null}"#, "config.json")
        #expect(try folder.configuration() == Sizes(inputs: 3))
    }

    @Test("what is written is read back", arguments: [DType.float32, .float16])
    func written(dtype: DType) throws {
        defer { try? FileManager.default.removeItem(at: url) }
        let layer = makeLayer()
        try folder.write(
            ["inputs": 3], weights: layer.state.mapValues { $0.to(dtype) }, metadata: ["made": "by hand"])
        #expect(try folder.configuration() == Sizes(inputs: 3))
        let other = makeLayer(seed: 2)
        try folder.load(into: other)
        #expect(other.weight.array(as: Float.self) == layer.weight.to(dtype).array(as: Float.self))
        let file = try SafetensorsFile(folder.weights)
        #expect(try file.dtype(of: "weight") == dtype)
        #expect(file.metadata == ["format": "pt", "made": "by hand"])
        let json = try String(contentsOf: url.appending(path: "config.json"), encoding: .utf8)
        #expect(json == "{\n  \"inputs\" : 3\n}\n")
        #expect(try names(in: url) == ["config.json", "model.safetensors"])
    }

    @Test("a copy shares weights that are of its type, and converts others", arguments: [1, 2])
    func copied(fileCount: Int) throws {
        defer { try? FileManager.default.removeItem(at: url) }
        let layer = makeLayer()
        if fileCount == 1 {
            try folder.write(["inputs": 3], weights: layer.state.merging(["ids": .arange(2)]) { $1 })
        } else {
            try write(#"{"inputs": 3}"#, "config.json")
            try write(["weight": layer.weight], "a.safetensors")
            try write(["bias": .ones([2]), "ids": .arange(2)], "b.safetensors")
            try write(
                #"{"weight_map": {"weight": "a.safetensors", "bias": "b.safetensors", "ids": "b.safetensors"}}"#,
                "model.safetensors.index.json")
        }
        for dtype in [DType.float32, .float16] {
            let copy = ModelFolder(url.appending(path: "copy-\(dtype)"), weightsName: "model")
            try folder.copy(to: copy.url, dtype: dtype)
            #expect(try copy.configuration() == Sizes(inputs: 3))
            let file = try SafetensorsFile(copy.weights)
            #expect(Set(file.names) == ["weight", "bias", "ids"])
            #expect(try file.dtype(of: "weight") == dtype && file.dtype(of: "ids") == .int64)
            #expect(
                try file.tensor("weight").array(as: Float.self)
                    == layer.weight.to(dtype).array(as: Float.self))
            let isShared = try fileCount == 1 && number(of: copy.weights) == number(of: folder.weights)
            #expect(isShared == (fileCount == 1 && dtype == .float32))
        }
    }

    @Test("a folder that cannot be written is named")
    func unwritable() throws {
        defer { try? FileManager.default.removeItem(at: url) }
        try write("", "file")
        let inFile = ModelFolder(url.appending(path: "file/unet"), weightsName: "model")
        let error = try #require(throws: FileError.self) {
            try inFile.write(["inputs": 3], weights: makeLayer().state)
        }
        #expect(error == FileError(problem: .notAFolder, path: "\(url.path)/file/unet"))
    }

    private func names(in folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    /// By which the file system knows a file, whatever its names.
    private func number(of file: URL) throws -> UInt64? {
        try FileManager.default.attributesOfItem(atPath: file.path)[.systemFileNumber] as? UInt64
    }

    private func makeLayer(seed: UInt64 = 1) -> Linear {
        var stream = RandomStream(seed: seed, purpose: "layer")
        return Linear(3, 2, from: &stream)
    }

    private func write(_ tensors: [String: Tensor], _ name: String) throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        try SafetensorsFile.write(
            .init(uniqueKeysWithValues: tensors.map { ($0, $1) }), to: url.appending(path: name))
    }

    private func write(_ text: String, _ name: String) throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url.appending(path: name))
    }
}
