// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Testing
import Torch
import Weights

@Suite("Weights that are not what they should be") struct BadWeightsTests {
    private func complaint(aboutLegacy value: String, key: String? = nil) throws -> String {
        try WeightsTests.complaint(about: HandMade.legacy(value), key: key)
    }

    @Test("are readable when they are")
    func good() throws {
        #expect(try complaint(aboutLegacy: HandMade.dictionary(("w", HandMade.tensor()))) == "")
    }

    @Test(
        "ask for what is not data",
        arguments: [
            ("cos\nsystem\n(S'true'\ntR", "os.system"), ("cbuiltins\neval\n(S'1'\ntR", "builtins.eval"),
            (HandMade.dictionary(("w", HandMade.tensor()), ("x", "cnt\nsystem\n")), "nt.system"),
            ("ctorch._utils\n_rebuild_parameter\n(cbuiltins\nexec\n)RtR", "builtins.exec"),
        ])
    func globals(code: String, name: String) throws {
        let sentence =
            "FILE asks for \(name), which is not data; nothing of it was run: open it with no other program, and get "
            + "one that holds data alone."
        #expect(try complaint(aboutLegacy: code) == sentence)
        #expect(try WeightsTests.complaint(about: HandMade.bytes("\u{80}\u{2}\(code).")) == sentence)
    }

    @Test(
        "contradict themselves",
        arguments: [
            (
                HandMade.tensor(shape: [2, 3], strides: [3, 1]),
                "a tensor of shape [2, 3] that reaches beyond its storage"
            ),
            (HandMade.tensor(offset: 1), "reaches beyond its storage"),
            (HandMade.tensor(strides: [Int.max, 1]), "reaches beyond its storage"),
            (HandMade.tensor(shape: [Int.max, 4, 4], strides: [0, 0, 0]), "reaches beyond its storage"),
            (HandMade.tensor(shape: [0, Int.max, 4], strides: [0, 0, 0]), "reaches beyond its storage"),
            (HandMade.tensor(shape: [-1], strides: [1]), "reaches beyond its storage"),
            (HandMade.tensor(strides: [-1, 1]), "reaches beyond its storage"),
            (HandMade.tensor(offset: -1), "reaches beyond its storage"),
            (HandMade.tensor(shape: [2], strides: [1, 1]), "reaches beyond its storage"),
            (
                HandMade.tensor(
                    shape: [Int](repeating: 1, count: 65), strides: [Int](repeating: 1, count: 65)), "beyond"
            ),
            (
                HandMade.tensor(shape: [1 << 24], strides: [0]),
                "its tensors are many times as large as the file"
            ),
            (HandMade.tensor(count: 5), "it breaks off in the storage '0', or states another size for it"),
            (HandMade.tensor(count: Int.max), "the storage '0' is impossibly large"),
            (HandMade.tensor(key: "1"), "it has a storage that nothing refers to"),
            (HandMade.tensor(type: "torch\nDoubleStorage"), "it breaks off in the storage '0'"),
            (
                HandMade.tensor(type: "torch\nfloat32"),
                "elements of the class torch.float32, which is not read"
            ),
            (HandMade.tensor() + "0" + HandMade.tensor(count: 3), "it describes the storage '0' in two ways"),
            ("ctorch._utils\n_rebuild_tensor_v2\n)R", "a tensor that is not described as PyTorch does"),
            ("ctorch._utils\n_rebuild_parameter\n)R", "a parameter that holds no tensor"),
            ("ctorch._utils\n_rebuild_tensor_v2\n(NK\u{0}))tR", "a tensor without a storage"),
        ])
    func contradictions(tensor: String, words: String) throws {
        let said = try complaint(aboutLegacy: "}" + HandMade.text("w") + tensor + "s")
        #expect(said.hasPrefix("FILE ") && said.contains(words), "\(said)")
    }

    @Test("name a tensor twice, or as the format forbids")
    func names() throws {
        let tensor = HandMade.tensor()
        #expect(
            try complaint(aboutLegacy: HandMade.dictionary(("w", tensor), ("w", tensor))).contains(
                "names 'w' twice"))
        let nested = HandMade.dictionary(("a.b", tensor), ("a", HandMade.dictionary(("b", tensor))))
        #expect(try complaint(aboutLegacy: nested).contains("names 'a.b' twice"))
        #expect(
            try complaint(aboutLegacy: HandMade.dictionary(("__metadata__", tensor)))
                == "FILE cannot be converted: it has a tensor of the name '__metadata__'.")
        #expect(try complaint(aboutLegacy: tensor).contains("a tensor of the name ''"))
    }

    @Test("contain themselves, or so much that it never ends")
    func endless() throws {
        let cycle = "}q\u{0}" + HandMade.text("a") + "h\u{0}s"
        #expect(
            try complaint(aboutLegacy: cycle)
                == "FILE is damaged: its values nest without end; fetch or make it again.")
        let doubled = ")" + String(repeating: "2\u{86}", count: 40)
        #expect(try complaint(aboutLegacy: doubled).contains("nest without end"))
        let deep = String(repeating: "]", count: 100_000) + String(repeating: "a", count: 99_999)
        #expect(try complaint(aboutLegacy: deep).contains("nest without end"))
    }

    @Test("lack what was asked for")
    func keys() throws {
        let several = HandMade.dictionary(
            ("a", HandMade.dictionary(("w", HandMade.tensor()))),
            ("b", HandMade.dictionary(("w", HandMade.tensor()))),
            ("step", "K\u{1}"))
        #expect(
            try complaint(aboutLegacy: several)
                == "FILE holds several sets of weights: choose one of 'a', 'b' as the key.")
        #expect(
            try complaint(aboutLegacy: several, key: "step")
                == "FILE has no weights under 'step': choose one of 'a', 'b'.")
        #expect(
            try complaint(aboutLegacy: HandMade.dictionary(("w", HandMade.tensor())), key: "ema")
                == "FILE has no key 'ema': its tensors lie side by side, so give no key.")
        #expect(
            try complaint(aboutLegacy: HandMade.dictionary(("step", "K\u{1}")))
                == "FILE holds no tensors: check that it is the file of a network's weights.")
    }

    @Test(
        "are no weights", arguments: ["", "some text", "\u{89}PNG\r\n\u{1A}\n", "cos\nsystem\n(S'true'\ntR."])
    func others(text: String) throws {
        #expect(
            try WeightsTests.complaint(about: HandMade.bytes(text))
                == "FILE is no weights file that is known: give one of torch.save, EDM's .pkl, .npz, .npy or safetensors."
        )
    }

    @Test("are not there, or a folder")
    func missing() {
        #expect(throws: ConversionError.unreadable(file: "/none.pkl", reason: "no such file or directory")) {
            try readForeignWeights(at: URL(filePath: "/none.pkl"))
        }
        #expect(throws: ConversionError.self) {
            try readForeignWeights(at: FileManager.default.temporaryDirectory)
        }
    }

    @Test(
        "break off, wherever they do",
        arguments: [
            "plain-legacy.pt", "state-legacy.pt", "two.pt", "fortran.npy", "numpy-2.pkl", "numpy-5.pkl",
            "deflated.npz",
            "state.safetensors",
        ])
    func truncation(file: String) throws {
        let whole = try Data(contentsOf: weights(file))
        for count in 0..<whole.count {
            let said = try WeightsTests.complaint(about: whole.prefix(count))
            #expect(said.hasPrefix("FILE"), "\(count) of \(whole.count) bytes: \(said)")
        }
    }

    @Test("of EDM break off, at many a place")
    func truncatedEDM() throws {
        let whole = try Data(contentsOf: weights("edm-ddpmpp.pkl"))
        for count in stride(from: 0, to: whole.count, by: 97) {
            let said = try WeightsTests.complaint(about: whole.prefix(count))
            #expect(said.hasPrefix("FILE is "), "\(count) of \(whole.count) bytes: \(said)")
        }
    }

    @Test("of a program, not of a network")
    func torchScript() throws {
        // An empty archive but for the names of two empty members.
        var (file, directory) = (Data(), Data())
        for name in ["a/data.pkl", "a/constants.pkl"] {
            let size: [UInt8] = [UInt8(name.utf8.count), 0]
            let common: [UInt8] =
                [20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0] + [UInt8](repeating: 0, count: 12) + size + [0, 0]
            directory += [0x50, 0x4B, 1, 2, 20, 0] + common + [UInt8](repeating: 0, count: 10)
            directory += [UInt8(file.count), 0, 0, 0] + Array(name.utf8)
            file += [0x50, 0x4B, 3, 4] + common + Array(name.utf8)
        }
        let end: [UInt8] = [
            0x50, 0x4B, 5, 6, 0, 0, 0, 0, 2, 0, 2, 0, UInt8(directory.count), 0, 0, 0, UInt8(file.count),
        ]
        #expect(
            try WeightsTests.complaint(about: file + directory + end + [0, 0, 0, 0, 0])
                == "FILE cannot be converted: it is a TorchScript program: save its state_dict with torch.save."
        )
    }
}
