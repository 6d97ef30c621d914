// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation
import Testing

@Suite("A hostile pickle") struct HostilePickleTests {
    @Test(
        "is refused by the name of what it asks for",
        arguments: [
            ("cos\nsystem\n(S'true'\ntR.", "os.system"),
            ("\u{80}\u{4}\u{8C}\u{8}builtins\u{8C}\u{4}eval\u{93}\u{8C}\u{1}1\u{85}R.", "builtins.eval"),
            ("(S'true'\nios\nsystem\n.", "os.system"), ("}(K\u{1}cposix\nsystem\nu.", "posix.system"),
            ("cm\nC\n(cbuiltins\ngetattr\n)RtR.", "builtins.getattr"),
            ("c__builtin__\nexec\n.", "__builtin__.exec"), ("cm\nC.mro\n.", "m.C.mro"),
        ])
    func globals(code: String, name: String) throws {
        let sentence =
            "a.pkl asks for \(name), which is not data; nothing of it was run: open it with no other program, and get "
            + "one that holds data alone."
        #expect(complaint { _ = try pickle(code, globals: ["m.C"]) } == sentence)
    }

    @Test(
        "is refused for what serves to do harm, though other names are left alone",
        arguments: [
            ("cos\nsystem\n(S'true'\ntR.", "os.system"), ("cm\nD\n(cbuiltins\nexec\ntR.", "builtins.exec"),
            ("}(K\u{1}cposix\nsystem\nu.", "posix.system"),
        ])
    func harm(code: String, name: String) throws {
        let said = complaint {
            _ = try Pickle(bytes(code), named: "a.pkl", globals: ["m.C"], unknown: .opaque)
        }
        #expect(said.hasPrefix("a.pkl asks for \(name), which is not data"))
    }

    @Test(
        "is refused for what it does",
        arguments: [
            ("0.", "takes more from its stack than is there, at byte 1"), (".", "takes more from its stack"),
            ("K\u{1}(\u{85}.", "takes more from its stack"),
            ("K\u{1}K\u{1}(\u{87}.", "takes more from its stack"),
            ("t.", "goes back to a mark that is not there"), ("e.", "goes back to a mark"),
            ("h\u{5}.", "recalls 5, which it has not kept"), ("K\u{1}K\u{2}R.", "arguments are no tuple"),
            ("K\u{1})R.", "calls what is no function"), ("cm\nC\n)R)R.", "calls what is no function"),
            ("cm\nC\n)}\u{92}.", "makes an object by named arguments"),
            ("(o.", "makes an object of no class"), (")K\u{1}a.", "appends to what is no list"),
            ("]K\u{1}K\u{1}s.", "sets entries of what is no dictionary"),
            ("}(K\u{1}u.", "a key without a value"),
            ("]K\u{1}b.", "gives a state to what is no object"), ("\u{80}\u{6}.", "of a protocol after 5"),
            ("K\u{1}K\u{1}\u{93}.", "names a global by what is no text"),
            ("\u{FF}", "instruction that is not known"),
            ("\u{82}\u{1}.", "instruction that is not known"), ("\u{97}.", "instruction that is not known"),
            ("X\u{1}\u{0}\u{0}\u{0}\u{FF}.", "text that is not UTF-8"), ("Ix\n.", "has 'x' for a number"),
            ("L9x9L\n.", "for a number"), ("L-\n.", "for a number"), ("L\n.", "for a number"),
            ("L" + String(repeating: "9", count: 101) + "\n.", "for a number"),
            ("ccopy_reg\n_reconstructor\n(tR.", "makes an object of no class"),
            ("ccopyreg\n_reconstructor\n(cm\nC\ntR.", "makes an object of no class"),
            ("Fx\n.", "has 'x' for a number"),
            ("Sa\n.", "without quotes"),
            (#"S'\q'\#n."#, "an unknown escape"), (#"V\uD800\#n."#, "an unknown escape"),
            ("cm\n", "breaks off in a line"),
        ])
    func mistakes(code: String, words: String) throws {
        let said = complaint { _ = try pickle(code, globals: ["m.C"]) }
        #expect(said.hasPrefix("a.pkl is damaged: its pickle ") && said.contains(words), "\(said)")
    }

    @Test(
        "with a length beyond the file allocates nothing",
        arguments: ["\u{8E}", "\u{8D}", "\u{96}"].map { $0 + String(repeating: "\u{FF}", count: 8) }
            + ["B", "X"].map { $0 + String(repeating: "\u{FF}", count: 4) } + ["T\u{FF}\u{FF}\u{FF}\u{7F}"])
    func lengths(code: String) throws {
        #expect(complaint { _ = try pickle(code + "abc.") }.contains("where 4 are left"))
    }

    @Test("with a length below 0 is refused", arguments: ["T", "\u{8B}"])
    func negativeLengths(code: String) throws {
        #expect(complaint { _ = try pickle(code + "\u{FF}\u{FF}\u{FF}\u{FF}.") }.contains("length below 0"))
    }

    @Test("that nests deeply is read and freed without a deep stack")
    func depth() throws {
        let depth = 300_000
        let nested =
            bytes(String(repeating: "]", count: depth))
            + bytes(String(repeating: "a", count: depth - 1) + ".")
        #expect(try Pickle(nested, named: "a.pkl", globals: []).value.items?.count == 1)
    }

    @Test("that doubles itself again and again shares what it holds")
    func memoBomb() throws {
        // Each tuple holds the last one twice: 2^100000 leaves.
        let code = ")" + String(repeating: "2\u{86}", count: 100_000) + "."
        #expect(try pickle(code).items?.count == 2)
    }

    @Test("that goes on and on is stopped")
    func instructions() throws {
        let endless = Data(repeating: UInt8(ascii: "N"), count: Pickle.instructionLimit + 1)
        let said = complaint { _ = try Pickle(endless, named: "a.pkl", globals: []) }
        #expect(said.contains("more than 2097152 instructions"))
    }

    @Test("that ends early, anywhere, is an error")
    func truncation() throws {
        let whole = bytes(
            "\u{80}\u{2}}q\u{0}(X\u{1}\u{0}\u{0}\u{0}acm\nC\nq\u{1}K\u{5}\u{85}R}b]K\u{1}aF1.5\nsu.")
        for count in 0..<whole.count {
            let said = complaint { _ = try Pickle(whole.prefix(count), named: "a.pkl", globals: ["m.C"]) }
            #expect(
                said.hasPrefix("a.pkl is damaged: its pickle "), "\(count) of \(whole.count) bytes: \(said)")
        }
    }
}
