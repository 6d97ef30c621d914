// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation
import Testing

@Suite("Tar archives")
struct TarTests {
    /// A header and the blocks of a file, built byte by byte.
    private func member(
        _ name: String, _ contents: String, kind: String = "0", prefix: String = "", size: String? = nil
    ) -> Data {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at place: Int) {
            header.replaceSubrange(place..<place + text.utf8.count, with: text.utf8)
        }
        put(name, at: 0)
        put(size ?? octal(contents.utf8.count, 11), at: 124)
        put("        ", at: 148)
        put(kind, at: 156)
        put("ustar\u{0}00", at: 257)
        put(prefix, at: 345)
        put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", at: 148)
        let padding = -contents.utf8.count & 511
        return Data(header) + Data(contents.utf8) + Data(count: padding)
    }

    private func octal(_ value: Int, _ digits: Int) -> String {
        let text = String(value, radix: 8)
        return String(repeating: "0", count: digits - text.count) + text
    }

    private let end = Data(count: 1024)

    @Test("give the plain files that are wanted, whatever lies between")
    func files() throws {
        let archive =
            member("folder/", "", kind: "5") + member("a", String(repeating: "x", count: 512))
            + member("link", "", kind: "2") + member("b", "hello", prefix: "deep/er") + member("c", "") + end
        #expect(isTar(archive))
        let found = try readTar(archive, named: "set.tar") { $0 != "a" }
        #expect(found == ["deep/er/b": Data("hello".utf8), "c": Data()])
        #expect(try readTar(archive, named: "set.tar") { $0 == "a" }["a"]?.count == 512)
    }

    @Test("come in their order, also with names that a record before them holds")
    func longNames() throws {
        let long = String(repeating: "long/", count: 40) + "name"
        let pax = "\(String(long.utf8.count + 10)) path=\(long)\n"
        let archive =
            member("z", "first") + member("././@LongLink", long + "\u{0}", kind: "L") + member("long", "gnu")
            + member("PaxHeader", "20 mtime=1700000000\n" + pax, kind: "x") + member("short", "pax")
            + member("PaxHeader", "20 mtime=1700000000\n", kind: "x") + member("a", "last") + end
        let members = try tarMembers(archive, named: "set.tar")
        #expect(members.map(\.path) == ["z", long, long, "a"])
        #expect(
            members.map { String(decoding: $0.contents, as: UTF8.self) } == ["first", "gnu", "pax", "last"])
    }

    @Test("that are cut short are refused, wherever")
    func truncation() throws {
        let archive = member("a", "some bytes") + member("b", "more") + end
        for count in 0..<archive.count - 512 {
            #expect(throws: ArchiveError.self, "\(count) bytes") {
                try readTar(archive.prefix(count), named: "set.tar") { _ in true }
            }
        }
    }

    @Test("with changed headers are refused")
    func damage() throws {
        let archive = member("a", "some bytes") + end
        for place in 0..<512 {
            var changed = archive
            changed[place] ^= 4
            // Its own field of the check sum may say the same in another way.
            if 148..<156 ~= place { continue }
            #expect(throws: ArchiveError.self, "byte \(place)") {
                try readTar(changed, named: "set.tar") { _ in true }
            }
        }
        let long = member("a", "some bytes", size: "77777777777") + end
        let error = #expect(throws: ArchiveError.self) { try readTar(long, named: "set.tar") { _ in true } }
        #expect(
            error?.description
                == "set.tar is damaged: it ends within its member 'a'; fetch or make it again.")
    }

    @Test("are not taken for other files")
    func recognition() {
        #expect(!isTar(Data()) && !isTar(Data(count: 512)) && !isTar(Data("ustar".utf8)))
    }
}
