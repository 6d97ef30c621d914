// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation
import OrderedCollections
import Testing
import Torch
import Weights

@Suite struct SafetensorsRoundTripTests {
    /// A folder that goes away with the test.
    private final class Scratch {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false) }
        deinit { try? FileManager.default.removeItem(at: url) }
        var names: [String] {
            get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
        }
    }

    private func bytes(_ tensor: Tensor) -> [UInt8] { tensor.withUnsafeBytes { Array($0) } }

    @Test(arguments: DType.allCases) func everyTypeComesBackBitForBit(dtype: DType) throws {
        let scratch = try Scratch()
        let file = scratch.url.appendingPathComponent("types.safetensors")
        let tensor = Tensor((0..<6).map { Double($0) * 1.1 }, shape: [2, 3]).to(dtype)
        try SafetensorsFile.write(["odd": Tensor([true]), "values": tensor], to: file)
        let read = try SafetensorsFile(file)
        let found = try read.tensor("values")
        #expect(found.dtype == dtype)
        #expect(found.shape == [2, 3])
        #expect(bytes(found) == bytes(tensor))
        #expect(try read.dtype(of: "values") == dtype)
        #expect(try read.shape(of: "values") == [2, 3])
    }

    @Test func orderNamesAndMetadataAreKept() throws {
        let scratch = try Scratch()
        let file = scratch.url.appendingPathComponent("names.safetensors")
        let matrix = Tensor.arange(6).reshaped([2, 3])
        let tensors: OrderedDictionary<String, Tensor> = [
            "z.flags": Tensor([true, false, true]), "a \"quoted\" \\ name/\n": Tensor([Float(1.5)]),
            "": Tensor(2.5, dtype: .float64), "empty": .zeros([0, 3]), "transposed": matrix.transposed(0, 1),
        ]
        let metadata = ["format": "pt", "recipe": "caf\u{e9} \u{1f642} \"\\\t"]
        try SafetensorsFile.write(tensors, metadata: metadata, to: file)
        let read = try SafetensorsFile(file)
        #expect(read.names == Array(tensors.keys))
        #expect(read.metadata == metadata)
        let all = read.all()
        #expect(all.keys == tensors.keys)
        for (name, tensor) in tensors {
            #expect(all[name]?.shape == tensor.shape)
            #expect(try bytes(read.tensor(name)) == bytes(tensor))
        }
        #expect(try read.tensor("transposed").array(as: Int.self) == [0, 3, 1, 4, 2, 5])
    }

    /// Foundation's JSON parser is the oracle here.
    @Test func theHeaderIsPaddedAndTheDataAligned() throws {
        let scratch = try Scratch()
        let file = scratch.url.appendingPathComponent("aligned.safetensors")
        let types: [DType] = [.bool, .float32, .uint8, .float64, .bfloat16]
        let tensors = OrderedDictionary(
            uniqueKeysWithValues: types.map { ("\($0)", Tensor.ones([3], dtype: $0)) })
        try SafetensorsFile.write(tensors, to: file)
        let data = try Data(contentsOf: file)
        let size = data.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        #expect(size % 8 == 0)
        #expect(data.count == 8 + size + 3 * types.map(\.size).reduce(0, +))
        let json = try JSONSerialization.jsonObject(with: data[8..<8 + size])
        let header = try #require(json as? [String: [String: Any]])
        #expect(header.count == types.count)
        for dtype in types {
            let offsets = try #require(header["\(dtype)"]?["data_offsets"] as? [Int])
            #expect(offsets[0] % dtype.size == 0)
            #expect(offsets[1] - offsets[0] == 3 * dtype.size)
        }
    }

    @Test(arguments: DType.allCases) func valuesAreCopiedIntoATensor(dtype: DType) throws {
        let scratch = try Scratch()
        let file = scratch.url.appendingPathComponent("copied.safetensors")
        let image = Tensor((0..<24).map { Double($0 % 7) }, shape: [2, 3, 2, 2]).to(dtype)
        try SafetensorsFile.write(["image": image], to: file)
        let target = Tensor.empty([2, 3, 2, 2], isChannelsLast: true)
        try SafetensorsFile(file).copy("image", into: target)
        #expect(bytes(target) == bytes(image.to(.float32)))
    }

    @Test(arguments: DType.allCases) func aRowIsReadAlone(dtype: DType) throws {
        let scratch = try Scratch()
        let file = scratch.url.appendingPathComponent("rows.safetensors")
        let images = Tensor((0..<24).map { Double($0 % 7) }, shape: [4, 2, 3]).to(dtype)
        try SafetensorsFile.write(["first": Tensor([true]), "images": images], to: file)
        for index in 0..<4 {
            let row = try SafetensorsFile(file).row(index, of: "images")
            #expect(row.dtype == dtype && row.shape == [2, 3])
            #expect(bytes(row) == bytes(images.selected(dim: 0, index: index)))
        }
    }

    @Test func valuesMayLieAnywhereInAFile() throws {
        let scratch = try Scratch()
        let file = scratch.url.appendingPathComponent("odd.safetensors")
        let header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
        #expect(header.utf8.count == 54)
        let numbers: [Float] = [1.5, -2]
        var data = Data([55, 0, 0, 0, 0, 0, 0, 0]) + Data("\(header) ".utf8)
        data += numbers.withUnsafeBytes { Data($0) }
        try data.write(to: file)
        let target = Tensor.empty([2])
        try SafetensorsFile(file).copy("a", into: target)
        #expect(target.array(as: Float.self) == numbers)
    }

    @Test func theSumIsThatOfTheBytesInOrder() {
        let image = Tensor((0..<9_000_000).map { Int32($0) }, shape: [9, 10, 100, 1_000])
        let line = "image \(image.summary) \(sha256(Data(bytes(image))))\n"
        #expect(fingerprint(of: ["image": image.channelsLast()]) == sha256(Data(line.utf8)))
        // FIPS 180-2, appendix B.1.
        #expect(
            sha256(Data("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            fingerprint(of: ["none": .zeros([0])])
                == sha256(Data("none float32 [0] \(sha256(Data()))\n".utf8)))
    }

    @Test func tensorsOutliveTheirFile() throws {
        let scratch = try Scratch()
        let file = scratch.url.appendingPathComponent("gone.safetensors")
        try SafetensorsFile.write(["a": Tensor([Float(1), 2])], to: file)
        let tensor = try SafetensorsFile(file).tensor("a")
        try SafetensorsFile.write(["a": Tensor([Float(8), 9])], to: file)
        try FileManager.default.removeItem(at: file)
        #expect(tensor.array(as: Float.self) == [1, 2])
    }

    @Test func aFailedWriteLeavesNothingBehind() throws {
        let scratch = try Scratch()
        let occupied = scratch.url.appendingPathComponent("occupied")
        try FileManager.default.createDirectory(at: occupied, withIntermediateDirectories: false)
        try Data([1]).write(to: occupied.appendingPathComponent("inside"))
        let beneath = occupied.appendingPathComponent("inside/such")
        for (file, error) in [
            (occupied, FileError(problem: .isAFolder, path: occupied.path)),
            (beneath.appendingPathComponent("a.safetensors"), FileError(errno: ENOTDIR, at: beneath)),
        ] {
            #expect(throws: error) { try SafetensorsFile.write(["a": Tensor([Float(1)])], to: file) }
        }
        #expect(try scratch.names == ["occupied"])
    }
}
