// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import TestSupport
import Testing
import Torch
import Training

@Suite("A run")
struct RunTests {
    private func steps(_ folder: URL) throws -> [String] {
        try RunFolder(folder).checkpoints.contents
    }

    @Test("keeps the checkpoints that it is told to")
    func retention() throws {
        let scores = [2: 5.0, 4: 3.0, 6: 4.0, 8: .nan, 10: 9.0, 12: 8.0]
        for (retention, kept) in [
            (CheckpointRetention(), [10, 12]), (CheckpointRetention(last: 1), [12]),
            (CheckpointRetention(last: 1, every: 4), [4, 8, 12]),
            (CheckpointRetention(last: 1, best: true), [4, 12]),
            (CheckpointRetention(last: 3, every: 6, best: true), [4, 6, 8, 10, 12]),
        ] {
            try withTemporaryFolder { folder in
                _ = try Walk().run(in: folder) {
                    $0.retention = retention
                    $0.sample = { step, _ in scores[step] }
                }
                #expect(try steps(folder) == kept.map { "step-0000000\($0 < 10 ? "0" : "")\($0)" })
            }
        }
    }

    @Test("writes a checkpoint of the best score where none is due")
    func best() throws {
        try withTemporaryFolder { folder in
            let walk = Walk()
            walk.intervals.checkpoint = 100
            _ = try walk.run(in: folder) {
                $0.retention = CheckpointRetention(last: 1, best: true)
                $0.sample = { step, _ in step == 6 ? 1 : Double(step) + 1 }
            }
            #expect(try steps(folder) == ["step-000000006", "step-000000012"])
            let best = try Checkpoint(RunFolder(folder).checkpoints.appending(path: "step-000000006"))
            #expect(best.score == 1 && best.recipe?.count == 64)
        }
    }

    @Test(
        "goes back to its best checkpoint when its patience is at an end, and the next time ends there",
        arguments: [false, true])
    func patience(isStopped: Bool) throws {
        try withTemporaryFolder { folder in
            // Best after step 4, then worse; the second time as well.
            var drawn: [Int] = []
            var said: [String] = []
            func run(_ walk: Walk, stopAfter last: Int) throws -> Run<Walk>.Outcome {
                try walk.run(in: folder) {
                    $0.patience = 2
                    $0.warn = { said.append($0) }
                    $0.isInterrupted = { drawn.count >= last }
                    $0.sample = { step, _ in
                        drawn.append(step)
                        return step == 4 ? 1 : Double(step) + 1
                    }
                }
            }
            let walk = Walk()
            if isStopped {
                // In the middle of the second attempt.
                #expect(try run(Walk(), stopAfter: 5) == .interrupted(step: 7))
            }
            #expect(try run(walk, stopAfter: .max) == .finished)
            #expect(drawn == [2, 4, 6, 8, 6, 8])
            #expect(
                said == [
                    "No score since step 4 was better than that of its weights: the run goes back to it, and on with 0.5 of the learning rate.",
                    "No score since step 4 was better than that of its weights, again: the run ends with them.",
                ])
            let best = Walk()
            for index in 0..<4 { _ = try best.step(index) }
            #expect(walk.position.array(as: Float.self) == best.position.array(as: Float.self))
            #expect(walk.learningRateFactor == 0.5)
            #expect(try steps(folder) == ["step-000000004"])
            #expect(try ScalarLog.lines(of: RunFolder(folder).log).last?.step == 4)
            // It is over.
            #expect(try run(Walk(), stopAfter: .max) == .finished)
            #expect(drawn.count == 6)
        }
    }

    @Test("goes on from the newest intact checkpoint, and sets damaged ones aside")
    func damage() throws {
        try withTemporaryFolder { parent in
            let (whole, damaged) = (parent.appending(path: "whole"), parent.appending(path: "damaged"))
            let (a, b, c) = (Walk(), Walk(), Walk())
            _ = try a.run(in: whole)
            var done = 0
            #expect(
                try b.run(in: damaged) {
                    $0.isInterrupted = {
                        done += 1
                        return done == 9
                    }
                } == .interrupted(step: 9))
            let file = RunFolder(damaged).checkpoints.appending(path: "step-000000009/walk.safetensors")
            try Data(contentsOf: file).dropLast().write(to: file)
            #expect(try c.run(in: damaged) == .finished)
            #expect(c.position.array(as: Float.self) == a.position.array(as: Float.self))
            #expect(
                try steps(damaged) == ["damaged-step-000000009", "step-000000010", "step-000000012"])
        }
    }

    @Test("moves with its folder")
    func moving() throws {
        try withTemporaryFolder { parent in
            let (old, new) = (parent.appending(path: "old"), parent.appending(path: "elsewhere/new"))
            var done = 0
            _ = try Walk().run(in: old) {
                $0.isInterrupted = {
                    done += 1
                    return done == 5
                }
            }
            try FileManager.default.createDirectory(
                at: new.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.moveItem(at: old, to: new)
            let (moved, whole) = (Walk(), Walk())
            #expect(try moved.run(in: new) == .finished)
            _ = try whole.run(in: old)
            #expect(moved.position.array(as: Float.self) == whole.position.array(as: Float.self))
        }
    }

    @Test("takes other settings only where their keys are named")
    func overrides() throws {
        try withTemporaryFolder { folder in
            _ = try Walk().run(in: folder)
            let longer = WalkSettings(steps: 14, rate: 0.25)
            for allowed in [[], ["steps"], ["rate"]] {
                #expect(throws: RunFolderError.self) {
                    try Walk(longer).run(in: folder) { $0.overrides = allowed }
                }
            }
            let error = #expect(throws: RecipeError.self) {
                try Walk(longer).run(in: folder) { $0.overrides = ["stebs"] }
            }
            #expect(error?.description == "overrides: the recipe has no key `stebs`; did you mean `steps`?")
            #expect(try Walk(longer).run(in: folder) { $0.overrides = ["steps", "rate"] } == .finished)
            #expect(try RunFolder(folder).recipe(as: WalkSettings.self) == longer)
            #expect(try CheckpointReader.latest(in: RunFolder(folder).checkpoints)?.step == 14)
        }
    }

    @Test("leaves time for twice the longest piece of work, and for the end")
    func timeLeft() {
        let start = ContinuousClock.now
        var limit = TimeLimit(.seconds(10), at: start)
        var decisions = [
            limit.isReached(at: start + .seconds(1)),
            limit.isReached(at: start + .seconds(3)),  // 4 of the 7 seconds left are for two such pieces
            limit.isReached(reserving: .seconds(1), at: start + .seconds(4)),
            limit.isReached(reserving: .seconds(2), at: start + .seconds(4)),
            limit.isReached(at: start + .seconds(6)),
        ]
        limit.begin(at: start + .seconds(6))
        decisions.append(limit.isReached(at: start + .milliseconds(6_500)))
        #expect(decisions == [false, false, false, true, true, false])
    }

    @Test("stops when its time is up, with a checkpoint")
    func timeLimit() throws {
        try withTemporaryFolder { folder in
            let walk = Walk(WalkSettings(steps: 1_000_000))
            walk.intervals = RunIntervals(log: 1_000, sample: 1_000_000, checkpoint: 1_000_000)
            walk.onStep = { _ in usleep(20_000) }
            let outcome = try walk.run(in: folder) { $0.timeLimit = TimeLimit(.seconds(1)) }
            guard case .interrupted(let step) = outcome else {
                Issue.record("the run went on")
                return
            }
            #expect(step > 0)
            #expect(try CheckpointReader.latest(in: RunFolder(folder).checkpoints)?.step == step)
        }
    }

    @Test("reads times", arguments: [("90m", 5_400), ("3h30m", 12_600), ("45s", 45), ("1d12h", 129_600)])
    func times(text: String, seconds: Int) {
        #expect(TimeLimit.duration(text) == .seconds(seconds))
    }

    @Test("refuses times that are none", arguments: ["", "5", "m", "1h 5m", "-3m", "0s", "30m1h"])
    func noTimes(text: String) {
        #expect(TimeLimit.duration(text) == nil)
    }
}
