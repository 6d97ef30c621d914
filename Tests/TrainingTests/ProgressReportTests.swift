// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Testing
import Training

/// A clock that stands until it is told to move, and what was written.
private final class Scene {
    var now = Duration.zero
    var text = ""

    func report(
        total: Int, done: Int = 0, unit: String = "step", style: ProgressReport.Style
    ) -> ProgressReport {
        ProgressReport(
            "distil", total: total, done: done, unit: unit, style: style, elapsed: { self.now },
            sink: { self.text += $0 })
    }

    /// What was written since the last call.
    func written() -> String {
        defer { text = "" }
        return text
    }
}

@Suite struct ProgressReportTests {
    @Test func terminalLineIsRewritten() {
        let scene = Scene()
        var report = scene.report(total: 10_000, style: .rewritten(columns: 120))
        scene.now = .seconds(100)
        report.update(4000, note: "loss/dm 0.12")
        #expect(
            scene.written() == "\rdistil  [########------------]  4,000/10,000 steps  40%  40.0 steps/s  "
                + "2:30 left  loss/dm 0.12\u{1B}[K")
        scene.now = .seconds(200)
        report.update(10_000)
        _ = scene.written()
        report.finish(note: "done")
        #expect(scene.written().hasPrefix("\rdistil  [####################]  10,000/10,000 steps  100%  "))
    }

    @Test func finishEndsTheLine() {
        let scene = Scene()
        var report = scene.report(total: 4, style: .rewritten(columns: 80))
        report.finish()
        #expect(scene.written() == "\rdistil  [--------------------]  0/4 steps  0%\u{1B}[K\n")
    }

    @Test func terminalLineIsCutToItsWidth() {
        let scene = Scene()
        var report = scene.report(total: 4, style: .rewritten(columns: 20))
        report.update(1)
        #expect(scene.written() == "\rdistil  [#####-----\u{1B}[K")
    }

    @Test func terminalIsNotRedrawnAtEveryStep() {
        let scene = Scene()
        var report = scene.report(total: 1000, style: .rewritten(columns: 80))
        var draws = 0
        for step in 1...1000 {
            scene.now += .milliseconds(1)
            report.update(step)
            draws += scene.written().isEmpty ? 0 : 1
        }
        #expect(draws == 10)
    }

    @Test func logGetsALineNowAndThen() {
        let scene = Scene()
        var report = scene.report(total: 90, style: .lines(every: .seconds(10)))
        for step in 1...45 {
            scene.now += .seconds(1)
            report.update(step)
        }
        #expect(
            scene.written() == """
                distil  1/90 steps  1%  1.00 steps/s  1:29 left
                distil  11/90 steps  12%  1.00 steps/s  1:19 left
                distil  21/90 steps  23%  1.00 steps/s  1:09 left
                distil  31/90 steps  34%  1.00 steps/s  0:59 left
                distil  41/90 steps  45%  1.00 steps/s  0:49 left

                """)
        report.finish(note: "runs/x")
        #expect(scene.written() == "distil  45/90 steps  50%  1.00 steps/s  runs/x\n")
    }

    @Test func slowWorkIsGivenInSecondsAPiece() {
        let scene = Scene()
        var report = scene.report(total: 3000, style: .lines(every: .zero))
        scene.now = .seconds(4)
        report.update(1)
        #expect(scene.written() == "distil  1/3,000 steps  0%  4.00 s/step  3:19:56 left\n")
    }

    @Test func resumedWorkDoesNotCountWhatWasDoneBefore() {
        let scene = Scene()
        var report = scene.report(total: 10_000, done: 9000, unit: "image", style: .lines(every: .zero))
        scene.now = .seconds(1)
        report.update(9250)
        #expect(scene.written() == "distil  9,250/10,000 images  92%  250 images/s  0:03 left\n")
    }

    @Test func rateForgetsASlowStart() throws {
        let scene = Scene()
        var report = scene.report(total: 10_000, style: .lines(every: .seconds(1000)))
        scene.now = .seconds(60)
        report.update(1)
        _ = scene.written()
        for step in 2...2400 {
            scene.now += .milliseconds(500)
            report.update(step)
        }
        #expect(scene.written().contains("  2.00 steps/s  "))
    }
}
