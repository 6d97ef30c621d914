// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import TestSupport
import Testing
import Torch
import Training

@Suite("A write that fails")
struct WriteFailureTests {
    /// The limit lets ever more of a run's files through: its recipe, log, events, and the files of its checkpoints.
    @Test(
        "ends a run with one sentence, wherever it is, and leaves what it goes on from",
        arguments: [0, 10, 25, 40, 60, 100, 120, 150, 200, 300, 400, 600, 900, 1_500, 3_000] as [UInt])
    func everywhere(bytes: UInt) async {
        await #expect(processExitsWith: .success) { [bytes] in
            try withTemporaryFolder { parent in
                let (whole, folder) = (parent.appending(path: "whole"), parent.appending(path: "run"))
                let settings = WalkSettings(steps: 60)
                let (expected, halted, walk) = (Walk(settings), Walk(settings), Walk(settings))
                _ = try expected.run(in: whole)
                limitFiles(to: bytes)
                var sentence = ""
                do { _ = try halted.run(in: folder) } catch { sentence = "\(error)" }
                limitFiles(to: nil)
                #expect(
                    sentence.contains(folder.relativePath) && sentence.contains("file too large"),
                    "\(sentence)")
                #expect(sentence.hasSuffix(".") && !sentence.contains("partial"), "\(sentence)")
                #expect(try walk.run(in: folder) == .finished)
                #expect(walk.position.array(as: Float.self) == expected.position.array(as: Float.self))
                let steps = try ScalarLog.lines(of: RunFolder(folder).log).map(\.step)
                #expect(steps == Array(1...60))
            }
        }
    }

    @Test("of a checkpoint is said in the step after it")
    func checkpoint() throws {
        try withTemporaryFolder { folder in
            let walk = Walk()
            let checkpoints = RunFolder(folder).checkpoints
            walk.onStep = { index in
                guard index == 5 else { return }
                let written = checkpoints.appending(path: "step-000000004").path
                for _ in 0..<12_000 where !FileManager.default.fileExists(atPath: written) { usleep(10_000) }
                try FileManager.default.moveItem(at: checkpoints, to: folder.appending(path: "gone"))
                try Data().write(to: checkpoints)
            }
            let error = #expect(throws: CheckpointError.self) { try walk.run(in: folder) }
            let target = checkpoints.appending(path: "step-000000006").relativePath
            #expect(
                error?.description.hasPrefix("The checkpoint \(target) could not be written: ") == true,
                "\(error)")
            try FileManager.default.removeItem(at: checkpoints)
            try FileManager.default.moveItem(at: folder.appending(path: "gone"), to: checkpoints)
            #expect(try CheckpointReader.latest(in: checkpoints)?.step == 4)
        }
    }
}
