// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

/// A file of `Tests/Fixtures/weights`.
func weights(_ name: String) -> URL { fixture("weights/\(name)") }

/// Compares weights with a file of that name in safetensors: the names in order, types, shapes and every bit.
func expectEqual(
    _ found: OrderedDictionary<String, Tensor>, _ name: String, without missing: Set<String> = [],
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let file = try SafetensorsFile(weights("\(name).safetensors"))
    let names = try #require(file.metadata["names"]).split(separator: "\n").map(String.init)
    #expect(Array(found.keys) == names.filter { !missing.contains($0) }, sourceLocation: sourceLocation)
    for (name, tensor) in found {
        let expected = try file.tensor(name)
        #expect(
            tensor.dtype == expected.dtype && tensor.shape == expected.shape, "\(name)",
            sourceLocation: sourceLocation)
        let isEqual = tensor.withUnsafeBytes { a in expected.withUnsafeBytes { b in a.elementsEqual(b) } }
        #expect(isEqual, "\(name)", sourceLocation: sourceLocation)
    }
}

@Suite("Foreign weights") struct ForeignWeightsTests {
    @Test(
        "of EDM are those of its state_dict, bit by bit",
        arguments: [
            ("edm-ddpmpp", "EDMPrecond", "SongUNet"), ("edm-ncsnpp", "VEPrecond", "SongUNet"),
            ("edm-adm", "EDMPrecond", "DhariwalUNet"),
        ])
    func edm(name: String, precondition: String, network: String) throws {
        let found = try readForeignWeights(at: weights("\(name).pkl"))
        #expect(found.format == .pickle)
        try expectEqual(found.tensors, name)

        let module = try #require(found.module)
        #expect(module.className == precondition)
        #expect(module.keywords["img_resolution"] == .int(8) && module.keywords["model_channels"] == .int(4))
        let inner = try #require(module.children["model"])
        #expect(inner.className == network)
        #expect(inner.keywords["channel_mult"] == module.keywords["channel_mult"])
        #expect(inner.children.isEmpty)
    }

    @Test("of EDM come with the settings that lie in attributes")
    func attributes() throws {
        let module = try #require(readForeignWeights(at: weights("edm-adm.pkl"), key: "ema").module)
        #expect(module.attributes["sigma_data"] == .double(0.5))
        #expect(module.attributes["sigma_max"] == .double(.infinity))
        let json = String(decoding: try JSONEncoder().encode(module), as: UTF8.self)
        #expect(json.contains(#""sigma_max":"inf""#) && json.contains(#""className":"DhariwalUNet""#))
    }

    @Test(
        "of torch.save have every type and every layout",
        arguments: [("plain.pt", ForeignWeights.Format.torchZip), ("plain-legacy.pt", .torchLegacy)])
    func torch(file: String, format: ForeignWeights.Format) throws {
        let found = try readForeignWeights(at: weights(file))
        #expect(found.format == format && found.module == nil)
        try expectEqual(found.tensors, "plain")
    }

    @Test(
        "are read in every protocol of pickle, in both formats of torch.save", arguments: [0, 1, 3, 4, 5],
        ["zip", "legacy"])
    func protocols(number: Int, format: String) throws {
        let found = try readForeignWeights(at: weights("protocol-\(number)-\(format).pt"))
        #expect(found.format == (format == "zip" ? .torchZip : .torchLegacy))
        try expectEqual(found.tensors, "state")
    }

    @Test("are read of plain pickles in every protocol", arguments: 0...5)
    func plainProtocols(number: Int) throws {
        let found = try readForeignWeights(at: weights("protocol-\(number).pkl"))
        #expect(found.format == .pickle)
        try expectEqual(found.tensors, "state")
        let module = try readForeignWeights(at: weights("module-\(number).pkl")).tensors
        #expect(module["a"]?.array(as: Float.self) == [0, 1, 2, 3, 4, 5] && module["a"]?.shape == [2, 3])
        #expect(module["b"]?.array(as: Int.self) == [-2] && module["b"]?.dtype == .int16)
    }

    @Test("may be an OrderedDict", arguments: ["state.pt", "state-legacy.pt"])
    func stateDict(file: String) throws {
        try expectEqual(readForeignWeights(at: weights(file)).tensors, "state")
    }

    @Test(
        "may lie behind a link, as in the caches of hubs",
        arguments: [
            "checkpoint.pt", "state-legacy.pt", "stored.npz", "numpy-2.pkl", "fortran.npy",
            "state.safetensors",
        ])
    func links(file: String) throws {
        try withTemporaryFolder { folder in
            let link = folder.appending(path: file)
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: weights(file))
            let (found, direct) = (
                try readForeignWeights(at: link), try readForeignWeights(at: weights(file))
            )
            #expect(found.tensors.keys == direct.tensors.keys && found.format == direct.format)
        }
    }

    @Test("may lie within a checkpoint")
    func checkpoint() throws {
        try expectEqual(readForeignWeights(at: weights("checkpoint.pt")).tensors, "state")
        let optimizer = try readForeignWeights(at: weights("checkpoint.pt"), key: "optimizer").tensors
        #expect(optimizer["state.0.exp_avg"]?.shape == [3, 2, 1, 1])
    }

    @Test("of which there are several need a key")
    func keys() throws {
        let file = weights("two.pt")
        #expect(throws: ConversionError.severalKeys(file: file.path, keys: ["net", "net_ema"])) {
            try readForeignWeights(at: file)
        }
        #expect(throws: ConversionError.noSuchKey(file: file.path, key: "ema", keys: ["net", "net_ema"])) {
            try readForeignWeights(at: file, key: "ema")
        }
        try expectEqual(readForeignWeights(at: file, key: "net_ema").tensors, "state")
    }

    @Test("of NumPy may be stored, deflated or pickled", arguments: ["stored.npz", "deflated.npz"])
    func numpyArchive(file: String) throws {
        let found = try readForeignWeights(at: weights(file))
        #expect(found.format == .numpyArchive)
        var tensors = found.tensors
        let names = try #require(SafetensorsFile(weights("numpy.safetensors")).metadata["names"])
        let order = names.split(separator: "\n").map(String.init)
        #expect(Set(order) == Set(tensors.keys))
        tensors = OrderedDictionary(
            uniqueKeysWithValues: order.compactMap { name in tensors[name].map { (name, $0) } })
        try expectEqual(tensors, "numpy")
    }

    @Test("of NumPy may be pickled in any protocol", arguments: [0, 1, 2, 4, 5])
    func numpyPickle(version: Int) throws {
        try expectEqual(readForeignWeights(at: weights("numpy-\(version).pkl")).tensors, "numpy")
    }

    @Test("of NumPy may be one array whose first dimension runs fastest")
    func numpyArray() throws {
        let found = try readForeignWeights(at: weights("fortran.npy"))
        #expect(found.format == .numpyArray)
        #expect(found.tensors["arr_0"]?.shape == [2, 3])
        #expect(found.tensors["arr_0"]?.array(as: Float.self) == [0, 1, 2, 3, 4, 5])
    }

    @Test("may be safetensors already")
    func safetensors() throws {
        let found = try readForeignWeights(at: weights("state.safetensors"))
        #expect(found.format == .safetensors && found.metadata["names"] != nil)
        #expect(found.tensors.count == 7)
    }
}
