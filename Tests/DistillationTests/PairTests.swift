// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite("Pairs")
struct PairTests {
    private struct Stop: Error {}
    private struct Tired: Error {}

    private let description = PairDescription(
        count: 22, seed: 3, sampleShape: [1, 2, 2], classCount: 4, teacher: "abc", sampler: "twice the noise",
        storage: .float32, shardSize: 8)

    /// A stand-in for a deterministic sampler: twice the noise, plus the class.
    private func sampler(_ z: Tensor, _ condition: Condition?) -> Tensor {
        let classes =
            condition?.classes.map { $0.matmul(Tensor([Float(0), 1, 2, 3], shape: [4, 1])) } ?? Tensor(0)
        return z * 2 + classes.reshaped([-1, 1, 1, 1])
    }

    private func names(in folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    /// Expects two folders to hold the same files, byte for byte.
    private func expectSame(_ expected: URL, _ found: URL) throws {
        #expect(try names(in: found) == names(in: expected))
        for name in try names(in: expected) {
            let file = try Data(contentsOf: found.appending(path: name))
            #expect(try Data(contentsOf: expected.appending(path: name)) == file, "\(name)")
        }
    }

    @Test("leave no claim of a process that was killed once it had made its file")
    func abandonedClaim() throws {
        try withTemporaryFolder { folder in
            let toy = Toy(Mixture(centers: [[-0.6, 0], [0.6, 0.2]], shares: [0.5, 0.5], width: 0.1))
            let description = PairDescription(
                count: 4, seed: 1, sampleShape: toy.teacher.sampleShape, classCount: 0, teacher: "t",
                sampler: "s")
            var writer = try PairWriter(folder, description)
            try writer.write(batch: 4, sampler: { z, _ in z })
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            try Data().write(to: folder.appending(path: "pairs-00000.safetensors.lock"))
            _ = try PairWriter(folder, description)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == files)
        }
    }

    @Test("are noise that can be made again, balanced classes, and what the sampler makes of them")
    func contents() throws {
        try withTemporaryFolder { folder in
            var writer = try PairWriter(folder, description)
            try writer.write(batch: 5, sampler: sampler)
            let pairs = try PairSet(folder, verifying: true).pairs(at: 3..<22)
            #expect(
                pairs.images.array(as: Float.self) == sampler(pairs.z, pairs.condition).array(as: Float.self))
            var stream = RandomStream(seed: 3, purpose: "pair.z", step: 4)
            #expect(
                pairs.z.selected(dim: 0, index: 1).array(as: Float.self)
                    == stream.normal([1, 2, 2]).array(as: Float.self))
            #expect(pairs.condition?.classes?.argmax(dim: 1).array(as: Int.self) == (3..<22).map { $0 % 4 })
        }
    }

    @Test("are the same after an interruption, file by file")
    func resume() throws {
        try withTemporaryFolder { folder in
            let (whole, halted) = (folder.appending(path: "whole"), folder.appending(path: "halted"))
            var writer = try PairWriter(whole, description)
            try writer.write(batch: 4, sampler: sampler)

            var first = try PairWriter(halted, description)
            #expect(throws: Stop.self) {
                try first.write(batch: 4, sampler: sampler) { if $0 >= 12 { throw Stop() } }
            }
            #expect(first.finished == 8)
            #expect(throws: PairError.incomplete(folder: halted.relativePath, found: 8, expected: 22)) {
                try PairSet(halted)
            }
            var made: [Int] = []
            var second = try PairWriter(halted, description)
            try second.write(batch: 4, sampler: sampler) { made.append($0) }
            #expect(made.first == 12 && second.finished == 22)

            #expect(try names(in: whole).count == 4)
            try expectSame(whole, halted)
        }
    }

    @Test("are the same when several writers make them at once")
    func severalWriters() async throws {
        try await withTemporaryFolder { folder in
            let (alone, together) = (folder.appending(path: "alone"), folder.appending(path: "together"))
            var description = description
            description.count = 101
            description.shardSize = 2
            var writer = try PairWriter(alone, description)
            try writer.write(batch: 2, sampler: sampler)

            let each = try await withThrowingTaskGroup(of: Int.self) { [self, description] group in
                for _ in 0..<4 {
                    group.addTask {
                        var calls = 0
                        var writer = try PairWriter(together, description)
                        try writer.write(batch: 2) { z, condition in
                            calls += 1
                            usleep(1_000)
                            return sampler(z, condition)
                        }
                        #expect(writer.finished == 101)
                        return calls
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(each.reduce(0, +) == 51, "no file is made twice")
            try expectSame(alone, together)
        }
    }

    @Test("of a file that another writer has claimed are left to it, and taken over when it stops")
    func claims() throws {
        try withTemporaryFolder { folder in
            var made: [Int] = []
            var first = try PairWriter(folder, description)
            func other() throws {
                // The first writer holds file 0 while the second makes files 1 and 2, and waits.
                var second = try PairWriter(folder, description)
                #expect(throws: Tired.self) {
                    try second.write(batch: 8, sampler: sampler) { count in
                        made.append(count)
                        if made.count == 3 { throw Tired() }
                    }
                }
                #expect(second.finished == 14)
                throw Stop()
            }
            #expect(throws: Stop.self) {
                try first.write(batch: 8, sampler: sampler) { _ in try other() }
            }
            #expect(first.finished == 0 && made == [8, 14, 14])

            var third = try PairWriter(folder, description)
            #expect(third.finished == 14)
            try third.write(batch: 8, sampler: sampler)
            #expect(try names(in: folder).count == 4)
        }
    }

    @Test("in other contents or of another set are never taken for whole", arguments: [0, 1, 2, 3])
    func foreignFiles(kind: Int) throws {
        try withTemporaryFolder { folder in
            var writer = try PairWriter(folder, description)
            try writer.write(batch: 8, sampler: sampler)
            let file = folder.appending(path: "pairs-00001.safetensors")
            let whole = try Data(contentsOf: file)
            switch kind {
            case 0: try Data(contentsOf: folder.appending(path: "pairs-00000.safetensors")).write(to: file)
            case 1: try whole.dropLast(4).write(to: file)
            case 2: try Data().write(to: file)
            default: try SafetensorsFile.write(["images": .zeros([8, 1, 2, 2])], to: file)
            }
            let error = #expect(throws: PairError.self) { try PairSet(folder) }
            #expect(error?.description.contains("pairs-00001.safetensors is damaged") == true)
            var repair = try PairWriter(folder, description)
            #expect(repair.finished == 14)
            try repair.write(batch: 8, sampler: sampler)
            #expect(try Data(contentsOf: file) == whole)
        }
    }

    @Test("in half precision differ by its rounding alone")
    func halfPrecision() throws {
        try withTemporaryFolder { folder in
            var description = description
            description.storage = .float16
            var writer = try PairWriter(folder, description)
            try writer.write(batch: 22, sampler: sampler)
            let pairs = try PairSet(folder, verifying: true).pairs(at: 0..<22)
            #expect(pairs.images.dtype == .float32)
            let exact = sampler(pairs.z, pairs.condition)
            #expect(
                pairs.images.array(as: Float.self) == exact.to(.float16).array(as: Float.self))
        }
    }

    @Test("of other settings are refused by name")
    func mismatch() throws {
        try withTemporaryFolder { folder in
            _ = try PairWriter(folder, description)
            var other = description
            other.seed = 4
            other.teacher = "xyz"
            let error = #expect(throws: PairError.self) { try PairWriter(folder, other) }
            #expect(error?.description.contains("seed is 3 there and 4 here") == true)
            #expect(error?.description.contains("fingerprint is abc there and xyz here") == true)
        }
    }

    @Test("that were changed on the disk are refused by file")
    func damage() throws {
        try withTemporaryFolder { folder in
            var writer = try PairWriter(folder, description)
            try writer.write(batch: 8, sampler: sampler)
            let file = folder.appending(path: "pairs-00001.safetensors")
            var bytes = try Data(contentsOf: file)
            bytes[bytes.count - 1] ^= 1
            try bytes.write(to: file)
            #expect(throws: Self.damaged(file)) { try PairSet(folder, verifying: true) }
            let set = try PairSet(folder)
            #expect(try set.pairs(at: [0, 7, 16, 21]).images.shape == [4, 1, 2, 2])
            // One pair of the file is damaged, and all are refused, each time.
            for index in [8, 15, 8] {
                #expect(throws: Self.damaged(file)) { try set.pairs(at: [0, index]) }
            }
            // An epoch of 22 pairs takes all of them.
            #expect(throws: Self.damaged(file)) { try set.batch(22, step: 0, seed: 1) }
            try FileManager.default.removeItem(at: file)
            #expect(throws: PairError.incomplete(folder: folder.relativePath, found: 14, expected: 22)) {
                try PairSet(folder)
            }

            var calls = 0
            var repair = try PairWriter(folder, description)
            #expect(repair.finished == 14)
            try repair.write(batch: 8) {
                calls += 1
                return sampler($0, $1)
            }
            #expect(calls == 1, "the files before and after it stay")
            #expect(try PairSet(folder, verifying: true).description == description)
        }
    }

    @Test("that are not finite numbers are never written")
    func notFinite() throws {
        try withTemporaryFolder { folder in
            var writer = try PairWriter(folder, description)
            #expect(throws: PairError.notFinite(pairs: 4..<8)) {
                var calls = 0
                try writer.write(batch: 4) { z, _ in
                    calls += 1
                    return calls == 2 ? z / 0 : z
                }
            }
            #expect(writer.finished == 0)
        }
    }

    @Test("are missing where there is no manifest, and where it is not one")
    func noManifest() throws {
        try withTemporaryFolder { folder in
            let missing = #expect(throws: PairError.self) { try PairSet(folder) }
            #expect(missing?.description.contains("has no pairs.json") == true)
            _ = try PairWriter(folder, description)
            let manifest = folder.appending(path: "pairs.json")
            let text = try String(contentsOf: manifest, encoding: .utf8)
            for damaged in [
                "[1, 2]", text.replacing("\"count\" : 22", with: "\"count\" : 0"), String(text.dropLast(20)),
            ] {
                try Data(damaged.utf8).write(to: manifest)
                #expect(throws: PairError.self) { try PairSet(folder) }
                #expect(throws: PairError.self) { try PairWriter(folder, description) }
            }
        }
    }

    private static func damaged(_ file: URL) -> PairError {
        .damaged(file: file.relativePath, reason: "it has other contents than were written")
    }

    @Test("damaged in place after they were opened are refused by file when they are first used")
    func laterDamage() throws {
        try withTemporaryFolder { folder in
            var writer = try PairWriter(folder, description)
            try writer.write(batch: 8, sampler: sampler)
            let (early, late) = (try PairSet(folder), try PairSet(folder))
            _ = try early.pairs(at: [9])
            let file = folder.appending(path: "pairs-00001.safetensors")
            let handle = try FileHandle(forWritingTo: file)
            let size = try handle.seekToEnd()
            try handle.seek(toOffset: size - 1)
            try handle.write(contentsOf: Data([0x5a]))
            try handle.close()
            #expect(try late.pairs(at: 0..<8).images.shape[0] == 8)
            #expect(throws: Self.damaged(file)) { try late.pairs(at: [8]) }
            #expect(throws: Self.damaged(file)) { try late.pairs(at: 0..<22) }
            #expect(throws: Self.damaged(file)) { try PairSet(folder, verifying: true) }
            // Whoever has seen the sum does not read the file again.
            #expect(try early.pairs(at: [9]).images.shape[0] == 1)
        }
    }

    @Test("that are damaged end a step of distillation with their file")
    func damagedStep() throws {
        try withTemporaryFolder { folder in
            let toy = Toy(Mixture(centers: [[-0.6, 0], [0.6, 0.2]], shares: [0.5, 0.5], width: 0.1))
            var description = toy.pairs.description
            // The distiller looks at the first 1,024 pairs when it is made.
            (description.count, description.shardSize) = (1_032, 1_024)
            var writer = try PairWriter(folder, description)
            try writer.write(batch: 1_024) { z, _ in z * 0.1 }
            let file = folder.appending(path: "pairs-00001.safetensors")
            var bytes = try Data(contentsOf: file)
            bytes[bytes.count - 1] ^= 1
            try bytes.write(to: file)
            let distiller = try Distiller(
                Toy.recipe(), teacher: toy.teacher, pairs: try PairSet(folder),
                distance: { Toy.distance($0, $1) })
            let order = EpochOrder(count: 1_032, seed: 0, purpose: "distill.pair")
            let reads = (0..<64).map { step in order(step * 16..<(step + 1) * 16).contains { $0 >= 1_024 } }
            let sound = try #require(reads.firstIndex(of: false))
            let damaged = try #require(reads.firstIndex(of: true))
            #expect(try distiller.step(sound).fault == nil)
            #expect(throws: Self.damaged(file)) { try distiller.step(damaged) }

            description.shardSize = 1_000
            let all = folder.appending(path: "all")
            writer = try PairWriter(all, description)
            try writer.write(batch: 1_000) { z, _ in z * 0.1 }
            let first = all.appending(path: "pairs-00000.safetensors")
            bytes = try Data(contentsOf: first)
            bytes[bytes.count - 1] ^= 1
            try bytes.write(to: first)
            #expect(throws: Self.damaged(first)) {
                try Distiller(
                    Toy.recipe(), teacher: toy.teacher, pairs: try PairSet(all),
                    distance: { Toy.distance($0, $1) })
            }
        }
    }

    @Test("come once an epoch, in an order that the seed names")
    func order() throws {
        let images = Tensor.arange(22, dtype: .float32).reshaped([22, 1, 1, 1]).expanded(to: [22, 1, 2, 2])
        let pairs = PairSet(description, images: images)
        func indices(step: Int, seed: UInt64) throws -> [Int] {
            try pairs.batch(5, step: step, seed: seed).images.narrowed(dim: 2, start: 0, count: 1)
                .narrowed(dim: 3, start: 0, count: 1).array(as: Int.self)
        }
        // 22 steps of 5 are five epochs.
        let dealt = try (0..<22).flatMap { try indices(step: $0, seed: 1) }
        for epoch in 0..<5 {
            #expect(dealt[epoch * 22..<(epoch + 1) * 22].sorted() == Array(0..<22))
        }
        #expect(Array(dealt[..<22]) != Array(dealt[22..<44]))
        #expect(try indices(step: 7, seed: 1) == Array(dealt[35..<40]))
        #expect(try indices(step: 7, seed: 1) != indices(step: 7, seed: 2))
        let named = EpochOrder(count: 22, seed: 1, purpose: "distill.pair")
        #expect(dealt == named(0..<110))
    }
}
