// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import TestSupport
import Testing
import Torch
import Weights

@Suite("A file of the wrong kind") struct WrongKindTests {
    private static let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 12\n"

    @Test(
        "is told where safetensors is needed",
        arguments: [
            ("plain.pt", "a zip archive"), ("plain-legacy.pt", "a pickle"), ("edm-adm.pkl", "a pickle"),
            ("stored.npz", "a zip archive"), ("fortran.npy", "an array of NumPy"),
        ])
    func convertible(file: String, words: String) throws {
        let file = weights(file)
        #expect(
            throws: SafetensorsError.notSafetensors(
                file: file.path, reason: "it is \(words): `dmd convert` makes safetensors of such weights")
        ) { try SafetensorsFile(file) }
    }

    @Test(
        "that stands in the place of another is told, with what to do",
        arguments: [
            (
                pointer,
                "it is a pointer of Git LFS in the place of the file: run `git lfs pull` where it was cloned."
            ),
            (
                "<!DOCTYPE html>\n<html>",
                "it is a web page in the place of the file: download it again, logged in if need be."
            ),
            (
                "\u{FEFF} <HTML lang=\"en\">",
                "it is a web page in the place of the file: download it again, logged in if need be."
            ),
            (
                "<?xml version=\"1.0\"?><Error>",
                "it is a web page in the place of the file: download it again, logged in if need be."
            ),
        ])
    func substitutes(text: String, sentence: String) throws {
        for key in [nil, "ema"] {
            #expect(
                try complaint(about: Data(text.utf8), key: key) == "FILE cannot be converted: \(sentence)")
        }
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "model.safetensors")
            try Data(text.utf8).write(to: file)
            let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(file) }
            #expect(error?.description == "\(file.path) is no safetensors file: \(sentence)")
            let settings = folder.appending(path: "config.json")
            try Data(text.utf8).write(to: settings)
            let unusable = #expect(throws: ModelFolderError.self) {
                try ModelFolder.decode([String: Int].self, from: settings)
            }
            #expect(unusable?.description.contains(sentence.dropLast()) == true)
        }
    }

    @Test(
        "of another program is told",
        arguments: [
            ("GGUF\u{3}\u{0}", "it is a GGUF file, which is not read: use weights in safetensors."),
            ("\u{89}HDF\r\n\u{1A}\n", "it is an HDF5 file, which is not read: use weights in safetensors."),
            ("\u{1F}\u{8B}\u{8}", "it is a gzip file: unpack it with gunzip first."),
        ])
    func others(code: String, sentence: String) throws {
        #expect(try complaint(about: HandMade.bytes(code)) == "FILE cannot be converted: \(sentence)")
    }

    @Test("is a folder where a file is needed")
    func folder() throws {
        try withTemporaryFolder { folder in
            let reason = "it is a folder: name the file of weights that lies in it"
            #expect(throws: SafetensorsError.notSafetensors(file: folder.path, reason: reason)) {
                try SafetensorsFile(folder)
            }
            #expect(throws: ConversionError.unsupported(file: folder.path, reason: reason)) {
                try readForeignWeights(at: folder)
            }
        }
    }

    /// The size of a header may begin with the bytes of a pickle, 0x80 and 2 to 5.
    @Test("is not what only looks like one", arguments: [0x280, 0x380, 0x480, 0x580])
    func sizes(size: Int) throws {
        let header = #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
        let padded = header + String(repeating: " ", count: size - header.utf8.count)
        let file = withUnsafeBytes(of: UInt64(size).littleEndian) { Data($0) } + Data(padded.utf8) + [7]
        #expect(try complaint(about: file) == "")
    }
}
