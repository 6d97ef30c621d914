// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation
import Images
import Models
import Synchronization
import TestSupport
import Testing
import Torch

/// Asks for more memory than any machine has.
private struct Greedy: Job {
    let compute = ComputeSettings.cpu

    func run(in context: JobContext) throws -> Int {
        let a = Tensor.zeros([1 << 50])
        try context.check()
        return (a + 1).shape.count
    }
}

/// Tells on how many threads it is.
private struct ThreadCount: Job {
    let compute = ComputeSettings.cpu

    func run(in context: JobContext) throws -> Int { LibTorch.threads }
}

/// Counts until it is told to stop.
private struct Patient: Job {
    let compute = ComputeSettings.cpu

    func run(in context: JobContext) throws -> Int {
        var counter = context.counter("wait", total: 1, unit: "turn")
        while true {
            counter.update(0)
            try context.check()
            usleep(1_000)
        }
    }
}

@Suite("A job")
struct JobTests {
    @Test("that is refused memory ends with an error, and the next one runs")
    func outOfMemory() async throws {
        let error = await #expect(throws: TorchError.self) { _ = try await Greedy().result() }
        #expect("\(try #require(error))".contains("memory"))
        try await withTemporaryFolder { folder in
            let output = try await sample(in: folder, named: "after", seed: 1).result()
            #expect(output.count == 6)
        }
    }

    @Test("uses all processors, whatever was asked before")
    func threads() async {
        await #expect(processExitsWith: .success) {
            let usual = LibTorch.operatorThreads
            let threads = try await ThreadCount().result()
            exit(threads == usual ? 0 : 1)
        }
    }

    @Test("stops when its task is cancelled")
    func cancellation() async throws {
        let task = Task { try await Patient().result() }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("stops when nobody listens any more")
    func abandonedEvents() async throws {
        for try await event in Patient().start() {
            guard case .update(.progress(let progress)) = event else { continue }
            #expect(progress.done == 0 && progress.total == 1)
            break
        }
    }

    @Test("gives the same beside another as alone")
    func besideAnother() async throws {
        try await withTemporaryFolder { folder in
            let alone = try await sample(in: folder, named: "alone", seed: 1).result()
            async let first = sample(in: folder, named: "first", seed: 1).result()
            async let second = sample(in: folder, named: "second", seed: 2).result()
            let (a, b) = try await (first, second)
            #expect(try Data(contentsOf: a.file) == Data(contentsOf: alone.file))
            #expect(try Data(contentsOf: b.file) != Data(contentsOf: alone.file))
        }
    }

    @Test("ends its events with the result")
    func events() async throws {
        try await withTemporaryFolder { folder in
            var (progress, results) = (0, 0)
            for try await event in try sample(in: folder, named: "events", seed: 1).start() {
                switch event {
                case .update(.progress): progress += 1
                case .update: break
                case .result(let output): (results, _) = (results + 1, #expect(output.count == 6))
                }
                #expect(results == 0 || progress > 0)
            }
            #expect(results == 1)
        }
    }

    @Test(
        "samples a teacher in many steps and a generator in one, as the file says",
        arguments: ["teacher", "generator"])
    func role(role: String) async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "model.safetensors")
            try saveDenoiser(tinyNetwork.makeDenoiser(seed: 1), to: file, metadata: ["dmd.role": role])
            func made(_ steps: Int?) async throws -> Data {
                var job = Sample(weights: file, count: 6, out: folder.appending(path: "\(steps ?? 0).png"))
                job.sampling.steps = steps
                return try Data(contentsOf: try await job.result().file)
            }
            let (usual, one, many) = (try await made(nil), try await made(1), try await made(18))
            #expect(one != many)
            #expect(usual == (role == "teacher" ? many : one))
        }
    }

    @Test("remembers what it keeps when it goes on")
    func keeping() async throws {
        try await withTemporaryFolder { folder in
            for label in 0..<3 {
                let images = folder.appending(path: "images/\(label)")
                try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
                for number in 0..<4 {
                    try Image(width: 16, height: 16, channels: 1, level: UInt8(80 * label + number))
                        .write(to: images.appending(path: "\(number).png"))
                }
            }
            func job(duration: Int, keep: Int? = nil, resumes: Bool = true) -> TrainTeacher {
                var run = RunSettings(folder.appending(path: "run").path, resumes: resumes)
                run.keep = keep
                run.overriding = ["durationImages"]
                return TrainTeacher(
                    images: folder.appending(path: "images"),
                    recipe: RecipeSettings(overrides: [
                        "network.imgResolution=16", "network.labelDim=3", "network.modelChannels=4",
                        "network.channelMult=[1, 2]", "network.attnResolutions=[]", "batch=4",
                        "durationImages=\(duration)", "warmUpImages=4", "coolDownImages=0",
                        "logEveryImages=4",
                        "sampleEveryImages=1000", "checkpointEveryImages=4",
                    ]), run: run)
            }
            func checkpoints() throws -> [String] {
                try FileManager.default.contentsOfDirectory(
                    atPath: folder.appending(path: "run/checkpoints").path
                ).filter { $0.hasPrefix("step-") }.sorted()
            }
            _ = try await job(duration: 20, keep: 3, resumes: false).result()
            #expect(try checkpoints() == (3...5).map { "step-00000000\($0)" })
            _ = try await job(duration: 24).result()
            #expect(try checkpoints() == (4...6).map { "step-00000000\($0)" })
            _ = try await job(duration: 28, keep: 1).result()
            #expect(try checkpoints() == ["step-000000007"])
        }
    }

    private func sample(in folder: URL, named name: String, seed: UInt64) throws -> Sample {
        let file = folder.appending(path: "teacher.safetensors")
        if !FileManager.default.fileExists(atPath: file.path) {
            try saveDenoiser(tinyNetwork.makeDenoiser(seed: 1), to: file)
        }
        var sample = Sample(weights: file, count: 6, seed: seed, out: folder.appending(path: "\(name).png"))
        sample.sampling.steps = 6
        return sample
    }
}
