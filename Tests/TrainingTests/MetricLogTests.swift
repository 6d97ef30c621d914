// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import TestSupport
import Testing
import Training

private struct Nothing: Recipe {
    func validate() throws {}
}

private func withRunFolder(_ body: (RunFolder) throws -> Void) throws {
    try withTemporaryFolder { url in
        let folder = RunFolder(url)
        try folder.run(Nothing()) { try body(folder) }
    }
}

extension RunFolder {
    fileprivate var eventFile: URL { events.appending(path: EventWriter.fileName) }
}

private func record(_ steps: ClosedRange<Int>, in log: MetricLog) throws {
    for step in steps {
        try log.record(step: step, ["loss/dm": Double(step) / 3, "rate": 1e-3])
    }
}

/// Both records of a run hold each of the steps once, with the right values.
private func expect(_ steps: ClosedRange<Int>, in folder: RunFolder) throws {
    let events = try readEvents(folder.eventFile)
    #expect(events.first?.version == "brain.Event:2")
    #expect(events.dropFirst().map(\.step) == Array(steps))
    let lines = try ScalarLog.lines(of: folder.log)
    #expect(lines.map(\.step) == Array(steps))
    for (event, line) in zip(events.dropFirst(), lines) {
        #expect(line.values == ["loss/dm": Double(line.step) / 3, "rate": 1e-3])
        #expect(event.scalars == line.values.mapValues { Float($0) })
    }
}

@Suite struct MetricLogTests {
    @Test func readersCheckIsTheStandardOne() {
        // RFC 3720 and the catalogue of CRCs: the check of the digits 1 to 9.
        #expect(bitwiseCRC32C("123456789".utf8) == 0xE306_9283)
    }

    @Test func bothRecordsHoldEveryScalar() throws {
        try withRunFolder { folder in
            try record(1...40, in: MetricLog(folder, after: nil))
            try expect(1...40, in: folder)
        }
    }

    @Test func logIsOneObjectALine() throws {
        try withRunFolder { folder in
            try ScalarLog(folder.log, after: nil)
                .append(
                    step: 10, time: Date(timeIntervalSince1970: 1.5),
                    scalars: ["loss/dm": 0.1, "a": -.infinity])
            #expect(
                try String(contentsOf: folder.log, encoding: .utf8)
                    == "{\"step\":10,\"time\":1.5,\"values\":{\"a\":\"-inf\",\"loss/dm\":0.1}}\n")
        }
    }

    @Test func divergedRunIsRecorded() throws {
        try withRunFolder { folder in
            let log = try MetricLog(folder, after: nil)
            try log.record(step: 1, ["nan": .nan, "inf": .infinity])
            let values = try #require(ScalarLog.lines(of: folder.log).first).values
            #expect(values["nan"]?.isNaN == true)
            #expect(values["inf"] == .infinity)
            let scalars = try readEvents(folder.eventFile)[1].scalars
            #expect(scalars["nan"]?.isNaN == true)
            #expect(scalars["inf"] == .infinity)
        }
    }

    @Test func imagesAreRecorded() throws {
        try withRunFolder { folder in
            let log = try MetricLog(folder, after: nil)
            let file = Data((0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) })
            try log.record(step: 300, tag: "samples", image: file, width: 64, height: 32)
            let event = try #require(readEvents(folder.eventFile).last)
            #expect(event.step == 300)
            #expect(event.images == ["samples": FoundImage(height: 32, width: 64, file: file)])
        }
    }

    @Test func goingOnLeavesNeitherRepeatNorGap() throws {
        try withRunFolder { folder in
            try record(1...25, in: MetricLog(folder, after: nil))
            try record(21...30, in: MetricLog(folder, after: 20))
            try expect(1...30, in: folder)
            try record(31...32, in: MetricLog(folder, after: 30))
            try expect(1...32, in: folder)
        }
    }

    @Test func beginningAnewEmptiesTheRecords() throws {
        try withRunFolder { folder in
            try record(0...25, in: MetricLog(folder, after: nil))
            try record(0...3, in: MetricLog(folder, after: nil))
            try expect(0...3, in: folder)
        }
    }

    @Test(arguments: 1...55)
    func tornEndIsRepaired(missing: Int) throws {
        try withRunFolder { folder in
            try record(1...10, in: MetricLog(folder, after: nil))
            for file in [folder.eventFile, folder.log] {
                let data = try Data(contentsOf: file)
                try data.dropLast(missing).write(to: file)
            }
            // The checkpoint was written at step 9, the process killed while it recorded step 10.
            try record(10...12, in: MetricLog(folder, after: 9))
            try expect(1...12, in: folder)
        }
    }

    @Test func garbageAtTheEndIsCutOff() throws {
        try withRunFolder { folder in
            try record(1...10, in: MetricLog(folder, after: nil))
            for file in [folder.eventFile, folder.log] {
                let handle = try FileHandle(forWritingTo: file)
                try handle.seekToEnd()
                try handle.write(contentsOf: Data(repeating: 0, count: 40))
                try handle.close()
            }
            try record(11...12, in: MetricLog(folder, after: 10))
            try expect(1...12, in: folder)
        }
    }
}
