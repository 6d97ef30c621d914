// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation
import TestSupport
import Testing

@Suite("A zip archive") struct ZipArchiveTests {
    /// A file that goes when the test is over.
    private func withFile(_ bytes: Data, _ body: (URL) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).zip")
        try bytes.write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url)
    }

    @Test("may lie behind a link, whose own size is not the archive's")
    func link() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createSymbolicLink(
            at: url, withDestinationURL: fixture("weights/stored.npz"))
        defer { try? FileManager.default.removeItem(at: url) }
        #expect(
            try ZipArchive(at: url).members.count
                == ZipArchive(at: fixture("weights/stored.npz")).members.count)
    }

    @Test("gives the start of a member", arguments: ["stored.npz", "deflated.npz"])
    func start(name: String) throws {
        let archive = try ZipArchive(at: fixture("weights/\(name)"))
        for member in archive.members {
            let whole = try archive.contents(of: member)
            for limit in [1, 10, whole.count - 1, whole.count, whole.count + 1] {
                #expect(try archive.start(of: member, atMost: limit) == whole.prefix(limit))
            }
        }
    }

    @Test("has stored and deflated members, also with headers for archives of 4 GB")
    func members() throws {
        let stored = try ZipArchive(at: fixture("weights/stored.npz"))
        let deflated = try ZipArchive(at: fixture("weights/deflated.npz"))
        #expect(stored.members.map(\.name) == deflated.members.map(\.name))
        #expect(stored.members.map(\.name) == stored.members.map(\.name).sorted())
        for (a, b) in zip(stored.members, deflated.members) {
            #expect(try stored.contents(of: a) == deflated.contents(of: b), "\(a.name)")
            #expect(try stored.contents(of: a).count == a.size)
        }
        let rows = try #require(stored.member(named: "rows.npy"))
        #expect(stored.title(of: rows).hasSuffix("stored.npz: rows.npy"))
        #expect(stored.member(named: "none") == nil)
    }

    @Test("is refused if a member is larger than the caller allows")
    func limit() throws {
        let file = fixture("weights/stored.npz")
        let said = complaint { _ = try ZipArchive(at: file, largestMember: 200) }
        #expect(said.hasPrefix("\(file.path) is damaged: its member '") && said.contains(" states "))
    }

    @Test("is refused if its members state more bytes than it can hold")
    func capacity() throws {
        // The directory's entry of the first member: its packed size lies 20 bytes after the signature, its size 24.
        let whole = try Data(contentsOf: fixture("weights/stored.npz"))
        let entry = try #require(whole.firstRange(of: [0x50, 0x4B, 1, 2])).lowerBound
        for place in [20, 24] {
            var damaged = whole
            damaged.replaceSubrange(entry + place..<entry + place + 4, with: [0, 0, 0, 0x7F])
            try withFile(damaged) { file in
                let said = complaint { _ = try ZipArchive(at: file) }
                #expect(said.contains("states more bytes than the archive can hold"), "\(said)")
            }
        }
    }

    @Test("that breaks off is an error, wherever it does")
    func truncation() throws {
        let whole = try Data(contentsOf: fixture("weights/two.pt"))
        for count in stride(from: 0, to: whole.count, by: 7) {
            try withFile(whole.prefix(count)) { file in
                let said = complaint { _ = try ZipArchive(at: file) }
                #expect(
                    said.hasPrefix("\(file.path) is damaged: "), "\(count) of \(whole.count) bytes: \(said)")
            }
        }
    }

    @Test("that is not there is an error")
    func missing() {
        #expect(
            complaint { _ = try ZipArchive(at: URL(filePath: "/none.zip")) }.contains(
                "/none.zip is damaged: "))
    }
}
