// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Testing
import Torch
import Weights

/// Files that are not what they claim to be.
@Suite struct SafetensorsErrorTests {
    struct Hostile: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let header: String
        let dataCount: Int
        /// Given the file's path.
        let expected: @Sendable (String) -> SafetensorsError

        init(
            _ what: String, _ header: String, data dataCount: Int,
            _ expected: @escaping @Sendable (String) -> SafetensorsError
        ) {
            testDescription = what
            self.header = header
            self.dataCount = dataCount
            self.expected = expected
        }
    }

    private static func entry(_ dtype: String, _ shape: String, _ begin: Int, _ end: Int) -> String {
        #"{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":[\#(begin),\#(end)]}"#
    }

    private static let good = entry("F32", "[2]", 0, 8)

    private static let hostile: [Hostile] = [
        Hostile("overlap", #"{"a":\#(good),"b":\#(entry("F32", "[2]", 4, 12))}"#, data: 12) {
            .wrongOffset(file: $0, tensor: "b", expected: 8, found: 4)
        },
        Hostile("hole", #"{"a":\#(good),"b":\#(entry("U8", "[1]", 9, 10))}"#, data: 10) {
            .wrongOffset(file: $0, tensor: "b", expected: 8, found: 9)
        },
        Hostile("hole at the start", #"{"a":\#(entry("U8", "[1]", 1, 2))}"#, data: 2) {
            .wrongOffset(file: $0, tensor: "a", expected: 0, found: 1)
        },
        Hostile("cut short", #"{"a":\#(good)}"#, data: 7) {
            .truncated(file: $0, expectedBytes: 70, foundBytes: 69)
        },
        Hostile("bytes after the end", #"{"a":\#(good)}"#, data: 11) { .surplusBytes(file: $0, count: 3) },
        Hostile("name twice", #"{"a":\#(good),"a":\#(good)}"#, data: 8) {
            .duplicateName(file: $0, name: "a")
        },
        Hostile("name twice by an escape", #"{"a":\#(good),"\u0061":\#(good)}"#, data: 8) {
            .duplicateName(file: $0, name: "a")
        },
        Hostile("unknown type", #"{"a":\#(entry("F8_E4M3", "[8]", 0, 8))}"#, data: 8) {
            .unsupportedType(file: $0, tensor: "a", found: "F8_E4M3")
        },
        Hostile("wrong size", #"{"a":\#(entry("F32", "[3]", 0, 8))}"#, data: 8) {
            .wrongByteCount(file: $0, tensor: "a", expected: 12, found: 8)
        },
        Hostile("size that overflows", #"{"a":\#(entry("F32", "[4294967296,4294967296]", 0, 8))}"#, data: 8) {
            .impossibleShape(file: $0, tensor: "a", shape: [4_294_967_296, 4_294_967_296])
        },
        Hostile(
            "size that overflows beside a zero",
            #"{"a":\#(entry("F32", "[0,4294967296,4294967296]", 0, 0))}"#, data: 0
        ) {
            .impossibleShape(file: $0, tensor: "a", shape: [0, 4_294_967_296, 4_294_967_296])
        },
        Hostile(
            "65 dimensions",
            #"{"a":\#(entry("U8", "[\(Array(repeating: "1", count: 65).joined(separator: ","))]", 0, 1))}"#,
            data: 1
        ) {
            .impossibleShape(file: $0, tensor: "a", shape: Array(repeating: 1, count: 65))
        },
    ]

    private func write(_ bytes: Data) throws -> URL {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors")
        try bytes.write(to: url)
        return url
    }

    private func file(header: String, dataCount: Int) -> Data {
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8)
            + Data(repeating: 1, count: dataCount)
    }

    private func complaint(_ bytes: Data) throws -> (error: SafetensorsError?, path: String) {
        let url = try write(bytes)
        defer { try? FileManager.default.removeItem(at: url) }
        return (#expect(throws: SafetensorsError.self) { try SafetensorsFile(url) }, url.path)
    }

    @Test(arguments: hostile) func hostileHeadersAreRefused(_ hostile: Hostile) throws {
        let (error, path) = try complaint(file(header: hostile.header, dataCount: hostile.dataCount))
        #expect(error == hostile.expected(path))
        #expect(error?.description.contains(path) == true)
    }

    @Test(arguments: [
        "", "[]", "{", "{}x", #"{"a"}"#, #"{"a":1}"#, #"{"a":\#(good),}"#, #"{"a":\#(good)"#,
        #"{"a:\#(good)"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":zero}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]}}"#,
        #"{"__metadata__":nul,"a":\#(good)}"#, #"{"__metadata__":{"x":null},"a":\#(good)}"#,
        #"{"a":{"dtype":"F32","shape":[2]}}"#, #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
        #"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}}"#,
        #"{"__metadata__":{"step":3},"a":\#(good)}"#, #"{"\ud800":\#(good)}"#, #"{"\q":\#(good)}"#,
    ])
    func headersThatAreNotTheFormatAreRefused(header: String) throws {
        let (error, path) = try complaint(file(header: header, dataCount: 8))
        guard case .malformedHeader(path, 8..., _) = error else {
            Issue.record("\(error.map(\.description) ?? "no error")")
            return
        }
    }

    @Test func filesWithoutAWholeHeaderAreRefused() throws {
        var (error, path) = try complaint(Data())
        #expect(error == .truncated(file: path, expectedBytes: 8, foundBytes: 0))
        (error, path) = try complaint(Data([1, 2, 3]))
        #expect(error == .truncated(file: path, expectedBytes: 8, foundBytes: 3))
        (error, path) = try complaint(file(header: "{}", dataCount: 0).dropLast())
        #expect(error == .truncated(file: path, expectedBytes: 10, foundBytes: 9))
        (error, path) = try complaint(Data(repeating: 0xff, count: 64))
        guard case .malformedHeader(path, 0, _) = error else {
            Issue.record("\(error.map(\.description) ?? "no error")")
            return
        }
    }

    @Test func aMissingFileAndAMissingTensorAreNamed() throws {
        let nowhere = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors")
        let unreadable = #expect(throws: SafetensorsError.self) { try SafetensorsFile(nowhere) }
        #expect(unreadable?.description.hasPrefix("\(nowhere.path) cannot be read: ") == true)

        let url = try write(file(header: #"{"a":\#(Self.good)}"#, dataCount: 8))
        defer { try? FileManager.default.removeItem(at: url) }
        let read = try SafetensorsFile(url)
        let missing = SafetensorsError.missingTensor(file: url.path, tensor: "b")
        #expect(throws: missing) { try read.tensor("b") }
        #expect(throws: missing) { try read.shape(of: "b") }
    }

    @Test(arguments: [
        #"{"__metadata__":null,"a":\#(good)}"#, #"{"a":\#(good),"__metadata__": null }"#,
        #"{"a":{"more":{"b":[1,-2.5e3,"x\"}",null,true,{}],"c":[]},"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":false}}"#,
    ])
    func whatTheReferenceReaderPassesOverIsPassedOver(header: String) throws {
        let url = try write(file(header: header, dataCount: 8))
        defer { try? FileManager.default.removeItem(at: url) }
        let read = try SafetensorsFile(url)
        #expect(try read.names == ["a"] && read.metadata.isEmpty && read.shape(of: "a") == [2])
    }

    @Test func looseButValidHeadersAreRead() throws {
        let header =
            " { \"b\" : {\"shape\":[ ], \"data_offsets\":[4,5],\"dtype\":\"BOOL\"},\n\t\"a\":"
            + Self.entry("F32", "[1]", 0, 4) + ", \"e\":" + Self.entry("I64", "[0]", 4, 4) + "}  "
        let url = try write(file(header: header, dataCount: 5))
        defer { try? FileManager.default.removeItem(at: url) }
        let read = try SafetensorsFile(url)
        #expect(read.names == ["b", "a", "e"])
        #expect(read.metadata.isEmpty)
        #expect(try read.tensor("a").array(as: Float.self) == [Float(bitPattern: 0x0101_0101)])
        #expect(try read.tensor("b").array(as: Bool.self) == [true])
        #expect(try read.tensor("e").shape == [0])
    }
}
