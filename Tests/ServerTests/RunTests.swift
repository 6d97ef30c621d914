// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Distillation
import Foundation
import Images
import TestSupport
import Testing
import Training

extension ServerTests {
    @Suite("Runs over HTTP")
    struct RunTests {
        /// A folder of a run of 30 steps, as `Distill` begins it.
        private func makeRun(in folder: URL, steps: Int = 30) throws -> URL {
            let run = folder.appending(path: "run-a", directoryHint: .isDirectory)
            let samples = run.appending(path: "samples")
            try FileManager.default.createDirectory(at: samples, withIntermediateDirectories: true)
            var recipe = DistillRecipe()
            recipe.distillation.steps = steps
            try Data(recipe.yaml().utf8).write(to: run.appending(path: "recipe.yaml"))
            try Image(width: 2, height: 2, channels: 1, level: 9).write(
                to: samples.appending(path: "step-000000010.png"))
            return run
        }

        private func log(_ run: URL, after step: Int?, _ steps: Range<Int>, since start: Double = 1_000)
            throws
        {
            let log = try ScalarLog(run.appending(path: "log.jsonl"), after: step)
            for step in steps {
                let time = Date(timeIntervalSince1970: start + 2 * Double(step))
                try log.append(
                    step: step, time: time, scalars: ["loss/denoising": 1 / Double(step), "odd": .nan])
            }
        }

        /// Events until one has a text, and the identifier of the last.
        private func events(
            _ client: RawClient, after identifier: String? = nil, until text: String
        ) async throws -> (text: String, last: String) {
            let headers = identifier.map { ["Last-Event-ID": $0] } ?? [:]
            let heard = try await onThread { [port = client.port] in
                let connection = try Connection(port: port)
                connection.send(
                    RawClient.text("GET", "/api/runs/events", host: "localhost", headers: headers))
                return connection.read(until: text)
            }
            let last = heard.matches(of: /id: (\S+)/).last.map { String($0.1) }
            return (heard, try #require(last, "\(heard)"))
        }

        @Test("events go on where a client was, and begin anew where the log did")
        func resume() async throws {
            try await withTemporaryFolder { folder in
                let run = try makeRun(in: folder)
                try log(run, after: nil, 1..<6)
                try await withServer(runs: [run]) { client in
                    let first = try await events(client, until: "event: status")
                    #expect(first.text.lowercased().contains("content-type: text/event-stream"))
                    #expect(
                        first.text.contains("\"step\":5,\"time\":1010")
                            && first.text.contains("\"odd\":\"nan\""))
                    #expect(
                        first.text.contains("\"state\":\"stopped\"") && first.text.contains("\"total\":30"))
                    #expect(first.text.contains("\"stepsPerSecond\":0.5"))

                    try log(run, after: 5, 6..<9)
                    let second = try await events(client, after: first.last, until: "\"step\":8")
                    #expect(!second.text.contains("\"step\":5,") && second.text.contains("\"step\":6,"))
                    #expect(second.text.contains("\"isReset\":false"))

                    // The run went back to step 3 and on from there.
                    try log(run, after: 3, 4..<9, since: 5_000)
                    let third = try await events(client, after: second.last, until: "\"step\":8")
                    #expect(third.text.contains("\"isReset\":true") && third.text.contains("\"step\":1,"))

                    let strange = try await events(client, after: "nonsense", until: "\"step\":8")
                    #expect(strange.text.contains("\"isReset\":true") && strange.text.contains("\"step\":1,"))
                }
            }
        }

        @Test("a run's recipe and pictures are there, and nothing else of its folder")
        func files() async throws {
            try await withTemporaryFolder { folder in
                let run = try makeRun(in: folder)
                try await withServer(runs: [run]) { client in
                    let recipe = try await client.request("GET", "/api/runs/0/recipe")
                    #expect(
                        recipe.text.contains("steps: 30")
                            && recipe.headers["content-type"]?.hasPrefix("text/plain") == true)
                    let picture = try await client.request("GET", "/api/runs/0/pictures/step-000000010.png")
                    #expect(try Image(decoding: picture.body).width == 2)
                    for path in [
                        "0/pictures/recipe.yaml", "0/pictures/..%2Frecipe.yaml",
                        "0/pictures/step-000000011.png", "1/recipe",
                        "-1/recipe", "x/recipe", "0/../0/recipe",
                    ] {
                        #expect(try await client.request("GET", "/api/runs/\(path)").status == 404, "\(path)")
                    }
                    for _ in 0..<40 {
                        let head = try await client.request("HEAD", "/api/runs/events")
                        #expect(head.status == 200)
                    }
                    let server = try await client.request("GET", "/api/server").object()
                    #expect((server["runs"] as? [[String: Any]])?.first?["name"] as? String == "run-a")
                }
            }
        }

        @Test("a run that goes on is stopped by its process, and none else")
        func stop() async throws {
            try await withTemporaryFolder { folder in
                let run = try makeRun(in: folder)
                let lock = run.appending(path: ".lock")
                try await withServer(runs: [run]) { client in
                    let idle = try await client.post("/api/runs/0/stop", "{}")
                    #expect(
                        idle.status == 409
                            && idle.text.contains("No process runs in run-a: there is nothing to stop."))

                    let process = Process()
                    // A child ignores what the server of this process hears in its place.
                    process.executableURL = URL(filePath: "/usr/bin/env")
                    process.arguments = ["--default-signal=TERM", "sleep", "600"]
                    try process.run()
                    defer { process.terminate() }
                    // A number that was left behind is not enough.
                    try Data("\(process.processIdentifier)\n".utf8).write(to: lock)
                    #expect(try await client.post("/api/runs/0/stop", "{}").status == 409)
                    #expect(process.isRunning)

                    let holder = open(lock.path, O_RDWR)
                    defer { close(holder) }
                    #expect(flock(holder, LOCK_EX | LOCK_NB) == 0)
                    let running = try await events(client, until: "event: status")
                    #expect(running.text.contains("\"state\":\"running\""))
                    let stopped = try await client.post("/api/runs/0/stop", "{}")
                    #expect(stopped.status == 200 && stopped.text.contains("\(process.processIdentifier)"))
                    try await onThread { process.waitUntilExit() }
                    #expect(
                        process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGTERM)
                    let after = try await events(client, until: "event: status")
                    #expect(after.text.contains("\"state\":\"killed\""))
                }
            }
        }
    }
}
