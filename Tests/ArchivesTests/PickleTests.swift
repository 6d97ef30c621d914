// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation
import Testing

/// Pickles are written here as Python prints them, instruction by instruction, a character for each byte.
@Suite("A pickle") struct PickleTests {
    @Test(
        "has whole numbers in every form",
        arguments: [
            ("K\u{FF}.", 255), ("M\u{01}\u{02}.", 513), ("J\u{FE}\u{FF}\u{FF}\u{FF}.", -2), ("I-12\n.", -12),
            ("L34L\n.", 34), ("\u{8A}\u{00}.", 0), ("\u{8A}\u{02}\u{00}\u{80}.", -32768),
            ("\u{8A}\u{08}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{7F}.", Int.max),
            ("\u{8B}\u{01}\u{00}\u{00}\u{00}\u{7F}.", 127),
        ])
    func wholeNumbers(code: String, expected: Int) throws {
        #expect(try pickle(code).int == expected)
    }

    @Test(
        "has every other constant",
        arguments: [
            ("N.", "none"), ("\u{88}.", "bool(true)"), ("I00\n.", "bool(false)"), ("I01\n.", "bool(true)"),
            ("G\u{3F}\u{F8}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}.", "double(1.5)"), ("F-2.5e1\n.", "double(-25.0)"),
            ("X\u{2}\u{0}\u{0}\u{0}\u{C3}\u{A9}.", #"string("é")"#), ("\u{8C}\u{1}a.", #"string("a")"#),
            (#"V\u00e9\U0001F600\#n."#, #"string("é😀")"#), ("V\u{E9}\n.", #"string("é")"#),
            ("\u{8A}\u{09}123456789.", "bigInt(9 bytes)"),
            ("L1180591620717411303424L\n.", "bigInt(10 bytes)"),
            ("C\u{3}abc.", "bytes(3 bytes)"), ("B\u{1}\u{0}\u{0}\u{0}a.", "bytes(1 bytes)"),
            ("U\u{1}a.", "bytes(1 bytes)"), ("T\u{1}\u{0}\u{0}\u{0}a.", "bytes(1 bytes)"),
            (#"S'\x41\n\'\\'\#n."#, "bytes(4 bytes)"), ("S\"a'b\"\n.", "bytes(3 bytes)"),
            ("\u{96}\u{2}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}ab.", "bytes(2 bytes)"),
            ("\u{80}\u{4}\u{95}\u{2}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}K\u{1}.", "1"),
        ])
    func constants(code: String, expected: String) throws {
        #expect(describe(try pickle(code)) == expected)
    }

    @Test(
        "has whole numbers of any size in decimal",
        arguments: [
            ("18446744073709551616", [0, 0, 0, 0, 0, 0, 0, 0, 1, 0]),
            ("-18446744073709551616", [0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]),
            ("-18446744073709551617", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF]),
        ])
    func decimals(digits: String, expected: [UInt8]) throws {
        guard case .bigInt(let bytes) = try pickle("L\(digits)L\n.") else {
            Issue.record("no large number")
            return
        }
        #expect(Array(bytes) == expected)
    }

    @Test("makes objects of protocols 0 and 1, and what they are made of is theirs alone")
    func reconstructed() throws {
        let made = try pickle(
            "ccopy_reg\n_reconstructor\n(cm\nC\nc__builtin__\ndict\n(dS'a'\nI1\nstR(dS'b'\nI2\nsb.",
            globals: ["m.C", "__builtin__.dict"])
        let object = try #require(made.object)
        #expect(object.global == "m.C" && object.arguments.isEmpty)
        #expect(object.entries["a"]?.int == 1 && object.state["b"]?.int == 2)
        // As often as one base is asked for, it is there once.
        let twice = try pickle(
            "(](I1\nI2\neq\u{0}0" + "]("
                + String(
                    repeating: "ccopy_reg\n_reconstructor\n(cm\nC\nNh\u{0}tR", count: 2) + "et.",
            globals: ["m.C"])
        let counts = try #require(twice.items?.first?.items).compactMap { $0.object?.items.count }
        #expect(counts == [2, 0])
    }

    @Test(
        "has containers, kept and recalled",
        arguments: [
            ("].", "[]"), ("(I1\nI2\nl.", "[1, 2]"), ("]K\u{1}aK\u{2}a.", "[1, 2]"),
            ("](K\u{1}K\u{2}e.", "[1, 2]"), (").", "()"), ("(K\u{1}t.", "(1)"), ("K\u{1}\u{85}.", "(1)"),
            ("K\u{1}K\u{2}\u{86}.", "(1, 2)"), ("K\u{1}K\u{2}K\u{3}\u{87}.", "(1, 2, 3)"),
            ("}K\u{1}K\u{2}s.", "{1: 2}"), ("}(K\u{1}K\u{2}K\u{3}Nu.", "{1: 2, 3: none}"),
            ("(K\u{1}K\u{2}d.", "{1: 2}"), ("\u{8F}(K\u{1}\u{90}.", "set(1)"), ("(K\u{1}\u{91}.", "set(1)"),
            ("K\u{1}2\u{86}.", "(1, 1)"), ("K\u{1}K\u{2}0.", "1"), ("K\u{5}(K\u{1}K\u{2}1.", "5"),
            ("K\u{5}(0.", "5"),
            ("K\u{7}q\u{9}0h\u{9}.", "7"), ("K\u{7}p300\n0g300\n.", "7"), ("K\u{7}\u{94}0h\u{0}.", "7"),
            ("K\u{7}r\u{FF}\u{FF}\u{FF}\u{FF}0j\u{FF}\u{FF}\u{FF}\u{FF}.", "7"),
            ("]\u{94}K\u{1}a0h\u{0}.", "[1]"), ("Pname\n.", "outside(string(\"name\"))"),
            ("K\u{1}K\u{2}\u{86}Q.", "outside(1, 2)"), ("K\u{1}Q.", "outside(1)"),
        ])
    func containers(code: String, expected: String) throws {
        #expect(describe(try pickle(code)) == expected)
    }

    @Test(
        "describes objects of the globals that were allowed",
        arguments: [
            ("cm\nC\nK\u{1}\u{85}R.", "m.C(1)"), ("\u{8C}\u{1}m\u{8C}\u{1}C\u{93})\u{81}.", "m.C()"),
            ("(K\u{1}im\nC\n.", "m.C(1)"), ("(cm\nC\nK\u{1}K\u{2}o.", "m.C(1, 2)"),
            ("cm\nC\n)R}K\u{1}K\u{2}sb.", "m.C() with {1: 2}"),
            ("cm\nC\n)R(K\u{1}e(K\u{2}K\u{3}u.", "m.C() and [1] and {2: 3}"), ("cm\nC\n.", "m.C"),
        ])
    func objects(code: String, expected: String) throws {
        #expect(describe(try pickle(code, globals: ["m.C"])) == expected)
    }

    @Test(
        "keeps no more than the name of what its reader does not know",
        arguments: [
            ("cm\nD\n.", "opaque(m.D)"), ("cm\nD\nK\u{1}\u{85}R.", "opaque(m.D)"),
            ("(K\u{1}im\nD\n.", "opaque(m.D)"),
            ("(cm\nD\nK\u{1}o.", "opaque(m.D)"), ("cm\nD\n)R(K\u{1}eK\u{2}K\u{3}s}b.", "opaque(m.D)"),
            ("cm\nD\n)R)R.", "opaque(m.D)"), ("cm\nD\n)}\u{92}.", "opaque(m.D)"),
            ("cm\nC\ncm\nD\n\u{85}R.", "m.C(opaque(m.D))"), ("]cm\nD\n)Ra.", "[opaque(m.D)]"),
        ])
    func opaque(code: String, expected: String) throws {
        let found = try Pickle(bytes(code), named: "a.pkl", globals: ["m.C"], unknown: .opaque)
        #expect(describe(found.value) == expected)
    }

    @Test("that holds itself can be read, and freed")
    func cycle() throws {
        let list = try #require(try pickle("]\u{94}h\u{0}a.").items)
        let inner = try #require(list[0].items)
        #expect(list.count == 1 && inner.count == 1)
    }

    @Test("may be followed by another")
    func several() throws {
        let data = bytes("K\u{1}.K\u{2}.")
        let first = try Pickle(data, named: "a.pkl", globals: [])
        let second = try Pickle(data[first.end...], named: "a.pkl", globals: [])
        #expect(first.value.int == 1 && second.value.int == 2 && second.end == data.endIndex)
    }

    @Test("lends its bytes without copying them")
    func sharing() throws {
        var file = bytes("\u{8E}") + withUnsafeBytes(of: UInt64(1 << 20).littleEndian) { Data($0) }
        file += Data(repeating: 7, count: 1 << 20) + bytes(".")
        guard case .bytes(let found) = try Pickle(file, named: "a.pkl", globals: []).value else {
            throw Unexpected()
        }
        let isInside = file.withUnsafeBytes { whole in
            found.withUnsafeBytes { part in
                part.baseAddress == whole.baseAddress.map { $0 + 9 }
            }
        }
        #expect(found.count == 1 << 20 && isInside)
    }
}

struct Unexpected: Error {}

/// A value as text, as deep as it goes.
func describe(_ value: PickleValue) -> String {
    func list(_ items: some Sequence<PickleValue>) -> String {
        items.map(describe).joined(separator: ", ")
    }
    func pairs(_ entries: PickleEntries) -> String {
        "{\(entries.map { "\(describe($0.key)): \(describe($0.value))" }.joined(separator: ", "))}"
    }
    switch value {
    case .none: return "none"
    case .int(let value): return "\(value)"
    case .bytes(let bytes): return "bytes(\(bytes.count) bytes)"
    case .bigInt(let bytes): return "bigInt(\(bytes.count) bytes)"
    case .list(let items): return "[\(list(items))]"
    case .tuple(let items): return "(\(list(items)))"
    case .set(let items): return "set(\(list(items)))"
    case .persistent(let items): return "outside(\(list(items)))"
    case .dictionary(let entries): return pairs(entries)
    case .global(let name): return name
    case .opaque(let name): return "opaque(\(name))"
    case .object(let object):
        var text = "\(object.global)(\(list(object.arguments)))"
        if case .none = object.state {} else { text += " with \(describe(object.state))" }
        if !object.items.isEmpty { text += " and [\(list(object.items))]" }
        if !object.entries.isEmpty { text += " and \(pairs(object.entries))" }
        return text
    case .bool, .double, .string: return "\(value)"
    }
}
