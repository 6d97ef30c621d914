// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Testing

/// A clock that stands until it is told to move, and what was told.
private final class Scene {
    var now = Duration.zero
    var lines: [String] = []

    func counter(total: Int, done: Int = 0, unit: String = "step", hasBar: Bool = false) -> ProgressCounter {
        ProgressCounter("distil", total: total, done: done, unit: unit, elapsed: { self.now }) {
            self.lines.append(ProgressLine($0, hasBar: hasBar).description)
        }
    }
}

@Suite("Progress")
struct ProgressLineTests {
    @Test("has a bar for a terminal")
    func bar() {
        let scene = Scene()
        var counter = scene.counter(total: 10_000, hasBar: true)
        scene.now = .seconds(100)
        counter.update(4000, note: "loss/dm 0.12")
        #expect(
            scene.lines == [
                "distil  [########------------]  4,000/10,000 steps  40%  40.0 steps/s  2:30 left  loss/dm 0.12"
            ])
    }

    @Test("ends without a time that is left")
    func end() {
        let scene = Scene()
        var counter = scene.counter(total: 10)
        scene.now = .seconds(5)
        counter.update(10)
        counter.finish(note: "runs/x")
        #expect(scene.lines.last == "distil  10/10 steps  100%  2.00 steps/s  runs/x")
    }

    @Test("of nothing at all is a line, too")
    func nothing() {
        let scene = Scene()
        scene.counter(total: 0).finish()
        #expect(scene.lines == ["distil  0/0 steps  0%"])
    }

    @Test("is told ten times a second at most, and at the end")
    func throttle() {
        let scene = Scene()
        var counter = scene.counter(total: 1000)
        for step in 1...1000 {
            scene.now += .milliseconds(1)
            counter.update(step)
        }
        #expect(scene.lines.count == 10)
        counter.finish()
        #expect(scene.lines.count == 11)
    }

    @Test("tells the end once")
    func once() {
        let scene = Scene()
        var counter = scene.counter(total: 2)
        scene.now = .seconds(2)
        counter.update(2)
        counter.finish()
        #expect(scene.lines == ["distil  2/2 steps  100%  1.00 steps/s"])
    }

    @Test("gives slow work in seconds a piece")
    func slowWork() {
        let scene = Scene()
        var counter = scene.counter(total: 3000)
        scene.now = .seconds(4)
        counter.update(1)
        #expect(scene.lines == ["distil  1/3,000 steps  0%  4.00 s/step  3:19:56 left"])
    }

    @Test("does not count what was done before")
    func resumedWork() {
        let scene = Scene()
        var counter = scene.counter(total: 10_000, done: 9000, unit: "image")
        counter.update(9000)
        scene.now = .seconds(1)
        counter.update(9250)
        #expect(
            scene.lines == [
                "distil  9,000/10,000 images  90%",
                "distil  9,250/10,000 images  92%  250 images/s  0:03 left",
            ])
    }

    @Test("forgets a slow start")
    func slowStart() throws {
        let scene = Scene()
        var counter = scene.counter(total: 10_000)
        scene.now = .seconds(60)
        counter.update(1)
        for step in 2...2400 {
            scene.now += .milliseconds(500)
            counter.update(step)
        }
        #expect(try #require(scene.lines.last).contains("  2.00 steps/s  "))
    }
}
