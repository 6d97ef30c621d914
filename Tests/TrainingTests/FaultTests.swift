// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import TestSupport
import Testing
import Torch
import Training

@Suite("Losses and gradients that are not finite")
struct FaultTests {
    private func skipped(_ folder: URL) throws -> [Double?] {
        try ScalarLog.lines(of: RunFolder(folder).log).map { $0.values["steps/skipped"] }
    }

    @Test("are skipped and counted, whether the run is stopped or not")
    func skipping() throws {
        try withTemporaryFolder { parent in
            let (whole, halted) = (parent.appending(path: "whole"), parent.appending(path: "halted"))
            let faulty: Set = [1, 3, 4, 8]
            func walk() -> Walk {
                let walk = Walk()
                walk.isFaulty = { index, _ in faulty.contains(index) }
                return walk
            }
            let (a, sound) = (walk(), Walk())
            #expect(try a.run(in: whole) == .finished)
            for index in 0..<12 where !faulty.contains(index) { _ = try sound.step(index) }
            #expect(a.position.array(as: Float.self) == sound.position.array(as: Float.self))
            #expect(try skipped(whole) == [0, 1, 1, 2, 3, 3, 3, 3, 4, 4, 4, 4])

            // Asked to stop after the fourth step, which is faulty, as is the next: a checkpoint is of a sound step.
            var done = 0
            #expect(
                try walk().run(in: halted) {
                    $0.isInterrupted = {
                        done += 1
                        return done >= 4
                    }
                } == .interrupted(step: 6))
            let b = walk()
            #expect(try b.run(in: halted) == .finished)
            #expect(b.position.array(as: Float.self) == a.position.array(as: Float.self))
            #expect(try skipped(halted) == skipped(whole))
        }
    }

    @Test(
        "in a row make a run go back once, on with half the learning rate, to the same end if it is killed meanwhile"
    )
    func goingBack() throws {
        struct Kill: Error {}
        try withTemporaryFolder { parent in
            let (whole, killed) = (parent.appending(path: "whole"), parent.appending(path: "killed"))
            func walk() -> Walk {
                let walk = Walk()
                walk.isFaulty = { index, factor in index >= 7 && factor == 1 }
                return walk
            }
            let a = walk()
            #expect(try a.run(in: whole) { $0.faultLimit = 3 } == .finished)
            #expect(a.learningRateFactor == 0.5)
            let expected = Walk()
            for index in 0..<12 {
                if index == 6 { expected.learningRateFactor = 0.5 }
                _ = try expected.step(index)
            }
            #expect(a.position.array(as: Float.self) == expected.position.array(as: Float.self))
            let lines = try ScalarLog.lines(of: RunFolder(whole).log)
            #expect(lines.map(\.step) == Array(1...12))
            #expect(lines.map { $0.values["steps/skipped"] } == [0, 0, 0, 0, 0, 0, 3, 3, 3, 3, 3, 3])

            for last in [8, 7] {
                let b = walk()
                b.onStep = { if $0 == last && (last == 8) == (b.learningRateFactor == 1) { throw Kill() } }
                #expect(throws: Kill.self) { try b.run(in: killed) { $0.faultLimit = 3 } }
            }
            let b = walk()
            #expect(try b.run(in: killed) { $0.faultLimit = 3 } == .finished)
            #expect(b.position.array(as: Float.self) == a.position.array(as: Float.self))
        }
    }

    @Test("end a run the second time, with the evidence")
    func evidence() throws {
        struct Evidence: Decodable {
            var step: Int
            var faults: [TrainingFault]
            var learningRateFactor: Double
            var wentBackTo: Int?
        }
        try withTemporaryFolder { folder in
            let walk = Walk()
            walk.isFaulty = { index, _ in index >= 7 }
            let error = #expect(throws: RunError.self) { try walk.run(in: folder) { $0.faultLimit = 3 } }
            let file = RunFolder(folder).faults.appending(path: "step-000000010.json")
            #expect(error == .diverged(step: 10, evidence: file.relativePath))
            let decoder = JSONDecoder()
            decoder.nonConformingFloatDecodingStrategy = .convertFromString(
                positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
            let evidence = try decoder.decode(Evidence.self, from: Data(contentsOf: file))
            #expect(evidence.step == 10 && evidence.wentBackTo == nil && evidence.learningRateFactor == 0.5)
            #expect(evidence.faults.map(\.step) == [8, 9, 10])
            #expect(evidence.faults[0].network == "walk" && evidence.faults[0].noiseLevels == [0.5, 80])
            #expect(evidence.faults[0].streams == ["walk.step"] && evidence.faults[0].seed == 7)
            #expect(
                evidence.faults[0].description
                    == "In step 8 `loss` is nan: the update of the walk is skipped.")
            #expect(try CheckpointReader.latest(in: RunFolder(folder).checkpoints)?.step == 6)
        }
    }

    @Test("end a run at once that has no checkpoint to go back to")
    func nothingToGoBackTo() throws {
        try withTemporaryFolder { folder in
            let walk = Walk()
            walk.isFaulty = { _, _ in true }
            #expect(throws: RunError.self) { try walk.run(in: folder) { $0.faultLimit = 3 } }
            let checkpoint = try CheckpointReader.latest(in: RunFolder(folder).checkpoints)
            #expect(checkpoint == nil)
        }
    }
}
