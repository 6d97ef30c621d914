// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch
import Training

private struct Progress: Codable, Equatable {
    var images: Int
    var loss: Double
}

private func files(_ value: Float) -> [String: OrderedDictionary<String, Tensor>] {
    [
        "generator": ["conv.weight": Tensor([value, 2, 3, 4], shape: [4])],
        "critic": ["conv.weight": Tensor([-value], shape: [1])],
    ]
}

private func weights(_ checkpoint: Checkpoint?) throws -> [Float]? {
    try checkpoint?.tensors("generator")["conv.weight"]?.array(as: Float.self)
}

@Suite struct CheckpointTests {
    @Test func readsBackWhatWasWritten() throws {
        try withTemporaryFolder { folder in
            let state = Progress(images: 640, loss: 0.1 + 0.2)
            try CheckpointWriter(folder).write(step: 10, files: files(1), state: state)
            let found = try CheckpointReader.latest(in: folder)
            let checkpoint = try #require(found)
            #expect(checkpoint.step == 10)
            #expect(checkpoint.url.lastPathComponent == "step-000000010")
            #expect(
                try checkpoint.url.contents == [
                    "critic.safetensors", "generator.safetensors", "manifest.json", "state.json",
                ])
            #expect(try checkpoint.state(as: Progress.self) == state)
            #expect(try weights(checkpoint) == [1, 2, 3, 4])
            #expect(try checkpoint.tensors("critic")["conv.weight"]?.array(as: Float.self) == [-1])
        }
    }

    @Test func stateHoldsNotANumber() throws {
        try withTemporaryFolder { folder in
            try CheckpointWriter(folder).write(step: 1, files: [:], state: Progress(images: 1, loss: .nan))
            let found = try CheckpointReader.latest(in: folder)
            #expect(try #require(found).state(as: Progress.self).loss.isNaN)
        }
    }

    @Test func lastFewAreKept() throws {
        try withTemporaryFolder { folder in
            let writer = try CheckpointWriter(folder, keeping: CheckpointRetention(last: 2))
            for step in [5, 10, 100] {
                try writer.write(step: step, files: files(Float(step)), state: step)
            }
            #expect(try folder.contents == ["step-000000010", "step-000000100"])
            #expect(try CheckpointReader.latest(in: folder)?.step == 100)
        }
    }

    @Test func sameStepIsReplaced() throws {
        try withTemporaryFolder { folder in
            let writer = try CheckpointWriter(folder)
            try writer.write(step: 5, files: files(1), state: 1)
            try writer.write(step: 5, files: files(2), state: 2)
            #expect(try folder.contents == ["step-000000005"])
            #expect(try weights(CheckpointReader.latest(in: folder)) == [2, 2, 3, 4])
        }
    }

    @Test func nothingThereIsNoCheckpoint() throws {
        try withTemporaryFolder { folder in
            for url in [folder, folder.appending(path: "none")] {
                let found = try CheckpointReader.latest(in: url)
                #expect(found == nil)
            }
        }
    }

    @Test func partialFolderOfAKilledProcessIsIgnoredAndCleaned() throws {
        try withTemporaryFolder { folder in
            let whole = try CheckpointWriter(folder).write(step: 5, files: files(1), state: 1)
            let partial = folder.appending(path: ".partial-step-000000009-0")
            try FileManager.default.copyItem(at: whole, to: partial)
            try FileManager.default.removeItem(at: partial.appending(path: "manifest.json"))
            #expect(try CheckpointReader.latest(in: folder)?.step == 5)
            _ = try CheckpointWriter(folder)
            #expect(try folder.contents == ["step-000000005"])
        }
    }

    @Test func checkpointThatWasBeingReplacedIsBroughtBack() throws {
        try withTemporaryFolder { folder in
            let whole = try CheckpointWriter(folder).write(step: 5, files: files(1), state: 1)
            let replaced = folder.appending(path: ".replaced-step-000000005")
            try FileManager.default.moveItem(at: whole, to: replaced)
            _ = try CheckpointWriter(folder)
            #expect(try folder.contents == ["step-000000005"])
            #expect(try weights(CheckpointReader.latest(in: folder)) == [1, 2, 3, 4])

            try FileManager.default.copyItem(at: whole, to: replaced)
            try CheckpointWriter(folder).write(step: 5, files: files(2), state: 2)
            #expect(try folder.contents == ["step-000000005"])
            #expect(try weights(CheckpointReader.latest(in: folder)) == [2, 2, 3, 4])
        }
    }

    @Test func failedWriteLeavesNothing() throws {
        struct Unencodable: Encodable {
            struct Refusal: Error {}
            func encode(to encoder: any Encoder) throws { throw Refusal() }
        }
        try withTemporaryFolder { folder in
            let writer = try CheckpointWriter(folder)
            try writer.write(step: 5, files: files(1), state: 1)
            #expect(throws: CheckpointError.self) {
                try writer.write(step: 6, files: files(2), state: Unencodable())
            }
            #expect(try folder.contents == ["step-000000005"])
        }
    }

    @Test(arguments: ["generator.safetensors", "critic.safetensors", "state.json", "manifest.json"])
    func damagedCheckpointIsPassedOver(file: String) throws {
        let damages: [(inout Data) -> Void] = [
            { $0.removeLast() },
            { $0[$0.count / 2] ^= 1 },
        ]
        for damage in damages {
            try withTemporaryFolder { folder in
                let writer = try CheckpointWriter(folder)
                try writer.write(step: 5, files: files(1), state: 5)
                let last = try writer.write(step: 6, files: files(2), state: 6).appending(path: file)
                var data = try Data(contentsOf: last)
                damage(&data)
                try data.write(to: last)
                #expect(try weights(CheckpointReader.latest(in: folder)) == [1, 2, 3, 4])
            }
        }
    }

    @Test func missingFileIsDamage() throws {
        try withTemporaryFolder { folder in
            let url = try CheckpointWriter(folder).write(step: 5, files: files(1), state: 1)
            try FileManager.default.removeItem(at: url.appending(path: "critic.safetensors"))
            #expect(
                throws: CheckpointError.damaged(
                    path: url.relativePath, reason: "critic.safetensors cannot be read")
            ) { try Checkpoint(url) }
            #expect(throws: CheckpointError.noneIntact(folder: folder.relativePath, count: 1)) {
                try CheckpointReader.latest(in: folder)
            }
        }
    }

    @Test func checkpointOfAnotherKindOfRunSaysSo() throws {
        try withTemporaryFolder { folder in
            let checkpoint = try Checkpoint(
                CheckpointWriter(folder).write(step: 5, files: files(1), state: "text"))
            #expect(
                throws: CheckpointError.lacks(path: checkpoint.url.relativePath, file: "teacher.safetensors")
            ) {
                try checkpoint.tensors("teacher")
            }
            #expect(throws: CheckpointError.self) { try checkpoint.state(as: Progress.self) }
        }
    }

    /// Sums of `"aaa...a"` with that many letters, by Python's hashlib. The lengths lie around the borders of a block.
    @Test(arguments: [
        (0, "12ae32cb1ec02d01eda3581b127c1fee3b0dc53572ed6baf239721a03d82e126"),
        (3, "ee218b66abaadc6ef42bcb45285bc02cf0102e8a5caef355765e28540eeb8bea"),
        (53, "2ae89a8121a3f9d2709899b414da4c60234316951093ce35f41ce954a09533f4"),
        (54, "9b68496ab8c784a9ed22d25a7e3aada1736d7097061bb3149f3d66f1e22ceeef"),
        (55, "899c27160f0b1e563f2c790bfc92ae0d1a715aaa292e1d11d04fa61ca1c4e917"),
        (61, "813662a26c997431c1990ca2424fad200f23983afe7b5543e2daf2748da424a2"),
        (62, "1cd1b6277a35426076612315059afa72e6903b84575ebdd1507d73697be9dbd3"),
        (63, "e7d55ca10614618e5755859f93ac280712a04f76466e7bc65e4f488f1153ec70"),
        (117, "9b40e0ad78bc52a3b16ada42ba7bb8f00e1ba071356abbcc1a159715b57f7ff8"),
        (118, "decf5e51fc0969aa2a06512dde0d3521a7ecd297ea81212ca626a65d2d4a1716"),
        (1000, "955d04731f2adae1d94c940c2b9f72677431310d92f650dc581251045f4dbcdb"),
    ])
    func manifestHoldsSHA256(letters: Int, sum: String) throws {
        struct Manifest: Decodable {
            struct Entry: Decodable {
                var bytes: Int
                var sha256: String
            }
            var files: [String: Entry]
        }
        try withTemporaryFolder { folder in
            let url = try CheckpointWriter(folder)
                .write(step: 1, files: [:], state: String(repeating: "a", count: letters))
            let manifest = try JSONDecoder().decode(
                Manifest.self, from: Data(contentsOf: url.appending(path: "manifest.json")))
            #expect(manifest.files["state.json"]?.bytes == letters + 2)
            #expect(manifest.files["state.json"]?.sha256 == sum)
        }
    }
}
