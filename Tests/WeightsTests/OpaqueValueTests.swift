// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

/// What files hold beside their weights, or in their place, of classes that nothing here knows.
@Suite("A value of an unknown class") struct OpaqueValueTests {
    private static let path = "cpathlib\nPosixPath\n(\(HandMade.text("/"))\(HandMade.text("data"))tR"

    @Test(
        "beside the weights is left unread",
        arguments: [
            path, "cm\nC\n", "cm\nC\n)R", "(K\u{1}im\nC\n", "(cm\nC\nK\u{1}o", "cm\nC\n)R)R",
            "cm\nState\n)\u{81}}\(HandMade.text("best"))K\u{1}sb",
            "cm\nAttributes\n)\u{81}(\(HandMade.text("lr"))K\u{1}u", "cm\nQueue\n)R(K\u{1}K\u{2}e",
            "cm\nSet\n)R(K\u{1}\u{90}", "cbuiltins\ngetattr\n(cm\nEnum\n\(HandMade.text("A"))tR",
            "cm\nC\n(K\u{1}t}\(HandMade.text("a"))K\u{2}s\u{92}", "cm\nC\n(\(HandMade.tensor())tR",
            "}cm\nC\n)RK\u{1}s", "](\(path)K\u{1}e",
            "cargparse\nNamespace\n)\u{81}}\(HandMade.text("out"))\(path)sb",
            "ctorch\ncomplex64\n", "ccollections\ndefaultdict\n(cm\nC\ntR",
        ])
    func beside(code: String) throws {
        let file = HandMade.legacy(
            HandMade.dictionary(
                ("before", code), ("state_dict", HandMade.dictionary(("w", HandMade.tensor()))),
                ("after", code)))
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "a.ckpt")
            try file.write(to: url)
            let found = try readForeignWeights(at: url).tensors
            #expect(Array(found.keys) == ["w"] && found["w"]?.array(as: Float.self) == [0, 1, 2, 3])
        }
    }

    @Test(
        "among the weights is refused by its name",
        arguments: [
            (HandMade.dictionary(("w", HandMade.tensor()), ("x", path)), "'x' is of pathlib.PosixPath"),
            (
                HandMade.dictionary(
                    ("args", path),
                    ("model", HandMade.dictionary(("w", HandMade.tensor()), ("b", "cm\nC\n)R")))),
                "'b' is of m.C"
            ),
            (
                "cmodels\nNet\n)\u{81}\(HandMade.dictionary(("_parameters", HandMade.tensor())))b",
                "its value is of models.Net"
            ),
            ("ctorch.hub\nload\n)R", "its value is of torch.hub.load"),
            ("](\(HandMade.tensor())cm\nC\n)Re", "'1' is of m.C"),
            ("}cm\nC\n)R\(HandMade.tensor())s", "a key is of m.C"),
            (
                HandMade.dictionary(("w", "ctorch._utils\n_rebuild_qtensor\n)R")),
                "'w' is of torch._utils._rebuild_qtensor"
            ),
            (
                HandMade.dictionary(
                    ("w", "ctorch._utils\n_rebuild_parameter\n(cm\nTensor\n)R\u{88}Nt" + "R")),
                "a parameter is of m.Tensor"
            ),
        ])
    func among(code: String, words: String) throws {
        #expect(
            try complaint(about: HandMade.legacy(code))
                == "FILE cannot be converted: \(words), which is not read: save the network's state_dict alone, in a "
                + "plain type such as float32.")
    }

    @Test("is told when its entry is asked for")
    func key() throws {
        let file = HandMade.legacy(
            HandMade.dictionary(("model", HandMade.dictionary(("w", HandMade.tensor()))), ("args", Self.path))
        )
        #expect(try complaint(about: file, key: "args").contains("its value is of pathlib.PosixPath"))
        #expect(
            try complaint(about: file, key: "none").contains("no weights under 'none': choose one of 'model'")
        )
    }

    @Test(
        "that only serves to do harm is refused wherever it is",
        arguments: [
            ("cposix\nsystem\n(S'true'\ntR", "posix.system"), ("csubprocess\nPopen\n)R", "subprocess.Popen"),
            ("c__builtin__\neval\n", "__builtin__.eval"), ("(S'a'\nibuiltins\nopen\n", "builtins.open"),
        ])
    func harm(code: String, name: String) throws {
        let file = HandMade.legacy(
            HandMade.dictionary(("state_dict", HandMade.dictionary(("w", HandMade.tensor()))), ("x", code)))
        #expect(try complaint(about: file).hasPrefix("FILE asks for \(name), which is not data"))
    }

    @Test(
        "that is a type of libtorch is refused without alarm",
        arguments: [
            (
                HandMade.tensor(type: "torch\nComplexFloatStorage"),
                "elements of the class torch.ComplexFloatStorage"
            ),
            (HandMade.tensor(type: "torch\nQInt8Storage"), "elements of the class torch.QInt8Storage"),
            (
                HandMade.tensor(type: "torch.storage\nUntypedStorage"),
                "elements of the class torch.storage.UntypedStorage"
            ),
            (
                "ctorch._utils\n_rebuild_tensor_v3\n(NK\u{0}))\u{89}Nctorch\nfloat8_e4m3fn\n}tR",
                "a tensor of the type torch.float8_e4m3fn"
            ),
        ])
    func types(tensor: String, words: String) throws {
        #expect(
            try complaint(about: HandMade.legacy(HandMade.dictionary(("w", tensor))))
                == "FILE cannot be converted: it has \(words), which is not read: save the network's state_dict alone, in a "
                + "plain type such as float32.")
    }
}
