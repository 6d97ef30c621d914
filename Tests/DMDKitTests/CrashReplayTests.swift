// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Images
import TestSupport
import Testing
import Weights

@Suite("Files that once harmed a reader")
struct CrashReplayTests {
    private static let crashes = URL(filePath: #filePath).appending(path: "../../../Fuzz/crashes")
        .standardizedFileURL

    /// What `scripts/fuzz` has found, under the names that the readers go by.
    @Test("are refused by all readers", arguments: try crashes.contents)
    func replay(name: String) throws {
        let data = try Data(contentsOf: Self.crashes.appending(path: name))
        try withTemporaryFolder { folder in
            func file(_ name: String) throws -> URL {
                let file = folder.appending(path: name)
                try data.write(to: file)
                return file
            }
            for name in ["a.png", "a.jpg"] {
                #expect(throws: (any Error).self) { try Image(contentsOf: file(name)) }
            }
            for name in ["a.zip", "a.bin", "a.tar.gz", "a-idx3-ubyte"] {
                #expect(throws: (any Error).self) { try openDataset(at: file(name)) }
            }
            for name in ["a.pkl", "a.pt", "a.npz", "a.npy"] {
                #expect(throws: (any Error).self) { try readForeignWeights(at: file(name)) }
            }
            #expect(throws: (any Error).self) { try SafetensorsFile(file("a.safetensors")) }
        }
    }

    @Test("are there to be replayed")
    func crashesAreThere() throws { #expect(try !Self.crashes.contents.isEmpty) }
}
