// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import DMDKit
import Foundation
import Images
import Models
import TestSupport
import Testing
import Torch

@Suite("Single images of a job")
struct SampleFilesTests {
    private func job(_ folder: URL, out: String, count: Int = 10, seed: UInt64 = 0, label: Int? = nil) throws
        -> Sample
    {
        let file = folder.appending(path: "teacher.safetensors")
        if !FileManager.default.fileExists(atPath: file.path) {
            try saveDenoiser(tinyNetwork.makeDenoiser(seed: 1), to: file)
        }
        var job = Sample(weights: file, count: count, seed: seed, out: folder.appending(path: out))
        (job.label, job.batch) = (label, 4)
        return job
    }

    private func pixels(_ file: URL) throws -> [UInt8] { try Image(contentsOf: file).pixels }

    @Test("are files by number and class, go on where they were stopped, and are the same whatever was there")
    func folder() async throws {
        try await withTemporaryFolder { place in
            let first = try await job(place, out: "images").result()
            let names = try FileManager.default.contentsOfDirectory(atPath: first.file.path).filter {
                !$0.hasPrefix(".")
            }
            .sorted()
            #expect(names.count == 10 && names[0] == "000000-class0.png" && names[5] == "000005-class2.png")
            let gone = first.file.appending(path: names[6])
            let before = try (pixels(gone), pixels(first.file.appending(path: names[7])))
            try FileManager.default.removeItem(at: gone)
            _ = try await job(place, out: "images").result()
            #expect(try pixels(gone) == before.0 && pixels(first.file.appending(path: names[7])) == before.1)
            #expect(before.0 != before.1)
            await #expect(throws: KitError.self) { try await job(place, out: "images", seed: 1).result() }
            let foreign = place.appending(path: "foreign")
            try FileManager.default.createDirectory(at: foreign, withIntermediateDirectories: true)
            try Data().write(to: foreign.appending(path: "notes.txt"))
            await #expect(throws: KitError.self) { try await job(place, out: "foreign").result() }
            #expect(try FileManager.default.contentsOfDirectory(atPath: foreign.path) == ["notes.txt"])
        }
    }

    @Test("are the same in a folder, a zip and an array", arguments: [nil, 2])
    func archives(label: Int?) async throws {
        try await withTemporaryFolder { place in
            let folder = try await job(place, out: "images", label: label).result().file
            let zip = try openDataset(at: try await job(place, out: "a.zip", label: label).result().file)
            let array = try openDataset(at: try await job(place, out: "a.npz", label: label).result().file)
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
                !$0.hasPrefix(".")
            }.sorted()
            let singles = try files.map { try pixels(folder.appending(path: $0)) }
            for set in [zip, array] {
                #expect(Image.images(from: try set.images(at: Array(0..<10))).map(\.pixels) == singles)
                #expect(set.labels == (0..<10).map { label ?? $0 % 3 })
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
            #expect(left == ["a.npz", "a.zip", "images", "teacher.safetensors"])
        }
    }

    @Test("are made by several jobs together, each image once")
    func together() async throws {
        try await withTemporaryFolder { place in
            _ = try job(place, out: "images")
            let jobs = try (0..<3).map { _ in try job(place, out: "images", count: 60) }
            try await withThrowingTaskGroup { group in
                for job in jobs { group.addTask { _ = try await job.result() } }
                try await group.waitForAll()
            }
            let names = try FileManager.default.contentsOfDirectory(
                atPath: place.appending(path: "images").path)
            #expect(
                names.filter { !$0.hasPrefix(".") }.count == 60 && !names.contains { $0.hasSuffix(".lock") })
        }
    }
}
