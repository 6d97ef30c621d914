// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import TestSupport
import Testing
import Training

/// Commands in several processes, as torchrun starts them.
@Suite struct ProcessesTests {
    private func training(_ out: String, images: Int = 96) -> [String] {
        ["train-teacher", "--images", "images", "--out", out] + Command.networkSettings
            + [
                "batch=8", "microBatch=2", "durationImages=\(images)", "coolDownImages=8", "logEveryImages=8",
                "sampleEveryImages=48", "checkpointEveryImages=24",
            ].flatMap { ["--set", $0] }
    }

    private static let weights = ["network", "network-average", "network-optimizer"]

    private func sameWeights(_ dmd: Command, _ a: String, _ b: String, step: Int) throws -> Bool {
        try Self.weights.allSatisfy { name in
            let file = String(format: "checkpoints/step-%09d/%@.safetensors", step, name)
            return try dmd.data("\(a)/\(file)") == dmd.data("\(b)/\(file)")
        }
    }

    @Test(
        "A teacher trained by two and by four processes is that of one, bit for bit; one process alone writes and tells"
    )
    func sameBits() throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            let one = try dmd.run(training("one") + ["--threads", "2"])
            #expect(one.status == 0, "\(one.errors)")
            for (name, count) in [("two", 2), ("four", 4)] {
                let results = try dmd.runTogether(training(name), count: count)
                for result in results { #expect(result.status == 0, "\(result.errors)") }
                #expect(results[0].output.contains("The teacher is in \(name)/teacher.safetensors"))
                for result in results.dropFirst() { #expect(result.output == "" && result.errors == "") }
                for rank in 0..<count {
                    let lines = try ScalarLog.lines(of: dmd.url("\(name)/processes/\(rank).jsonl"))
                    #expect(lines.map(\.step) == Array(2...12))
                    for values in lines.map(\.values) {
                        let (step, exchange) = (values["seconds/step"] ?? 0, values["seconds/exchange"] ?? 0)
                        #expect(exchange > 0 && exchange < step)
                    }
                }
                #expect(!dmd.exists("one/processes"))
                #expect(try sameWeights(dmd, "one", name, step: 12))
                #expect(try dmd.data("one/teacher.safetensors") == dmd.data("\(name)/teacher.safetensors"))
            }
        }
    }

    @Test(
        "With sharded state the files and the teacher are those of one process, which goes on from them as they do"
    )
    func shardedState() throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            func run(_ name: String, _ count: Int, _ more: [String] = []) throws {
                let command = training(name) + ["--set", "shardedState=true"] + more
                for result in try dmd.runTogether(command, count: count) {
                    #expect(result.status == 0 || result.status == 75, "\(result.errors)")
                }
            }
            try run("one", 1)
            try run("two", 2)
            for step in [9, 12] { #expect(try sameWeights(dmd, "one", "two", step: step)) }
            #expect(try dmd.data("one/teacher.safetensors") == dmd.data("two/teacher.safetensors"))
            // From a checkpoint of two processes, and on in four and in one.
            for (name, count) in [("three", 4), ("four", 1)] {
                try FileManager.default.copyItem(at: dmd.url("two"), to: dmd.url(name))
                try FileManager.default.removeItem(at: dmd.url("\(name)/checkpoints/step-000000012"))
                try run(name, count)
                #expect(try sameWeights(dmd, "one", name, step: 12))
            }
        }
    }

    @Test(
        "When a process is killed the others say which one; the run goes on in any number of processes to the same bits"
    )
    func killed() throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            // Long enough not to be over before it is killed.
            let whole = try dmd.run(training("whole", images: 1_600) + ["--threads", "1"])
            #expect(whole.status == 0, "\(whole.errors)")
            for (name, victim, next) in [("b", 1, 4), ("a", 0, 1)] {
                let results = try dmd.runTogether(
                    training(name, images: 1_600), count: 2,
                    killing: victim, at: "\(name)/checkpoints/step-000000003")
                #expect(results[victim].status == SIGKILL)
                let other = results[1 - victim]
                #expect(other.status == 1)
                #expect(
                    other.errors.contains(
                        "Error: Process \(1 - victim) of 2 stops, since process \(victim) has ended or does not answer: see its "
                            + "messages, and give the same command again to go on from the last checkpoint."),
                    "\(other.errors)")
                for result in try dmd.runTogether(training(name, images: 1_600), count: next) {
                    #expect(result.status == 0, "\(result.errors)")
                }
                #expect(try sameWeights(dmd, "whole", name, step: 200))
            }
        }
    }

    @Test(
        "When a process is frozen the others say which one, and end", .timeLimit(.minutes(10)),
        arguments: [0, 1])
    func frozen(victim: Int) throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            let results = try dmd.runTogether(
                training("run", images: 1_600_000), count: 4, freezing: victim,
                at: "run/checkpoints/step-000000003")
            for (rank, result) in results.enumerated() where rank != victim {
                #expect(result.status == 1)
                #expect(
                    result.errors.contains(
                        "Error: Process \(rank) of 4 stops, since process \(victim) has ended or does not answer"
                    ),
                    "\(result.errors)")
            }
        }
    }

    @Test("One that is asked to stop stops all, with one checkpoint")
    func stopped() throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            let results = try dmd.runTogether(
                training("run", images: 16_000), count: 2, stopping: 1, at: "run/checkpoints/step-000000003")
            // 75 says of the other that the same command goes on.
            #expect(results.map(\.status) == [75, 143])
            #expect(results[0].errors.contains("a checkpoint is written"))
            #expect(results[1].errors == "")
        }
    }

    @Test("Processes with different settings, and commands that one process does, are refused in a sentence")
    func refused() throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            let other = try dmd.runTogether(training("run"), count: 2, others: ["--set", "learningRate=0.5"])
            for (rank, result) in other.enumerated() {
                #expect(result.status == 1)
                #expect(
                    result.errors.contains(
                        "Error: Process \(rank) stops: process 1 has another recipe than process 0; start all with the same command"
                    ),
                    "\(result.errors)")
            }
            #expect(!dmd.exists("run/recipe.yaml"))
            let alone = try dmd.runTogether(["export", "teacher.safetensors", "--out", "out"], count: 2)
            for result in alone {
                #expect(result.status != 0)
                #expect(
                    result.errors.contains(
                        "This is done by one process, and RANK and WORLD_SIZE has started 2"),
                    "\(result.errors)")
            }
        }
    }
}

extension Command {
    /// Runs a command in processes that share it.
    ///
    /// - Parameters:
    ///   - others: more arguments for all but the first.
    ///   - victim: the one that is killed once there is a file.
    ///   - stopped: the one that is asked to stop once there is a file.
    fileprivate func runTogether(
        _ arguments: [String], count: Int, others: [String] = [], killing victim: Int? = nil,
        stopping stopped: Int? = nil, freezing frozen: Int? = nil, at file: String? = nil
    ) throws -> [Result] {
        let folder = url("said-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let processes = try launchVariables(count).enumerated().map { rank, variables in
            try start(
                arguments + (rank > 0 ? others : []), adding: variables,
                saying: folder.appending(path: "\(rank)"))
        }
        if let file {
            while processes.allSatisfy(\.isRunning) && !exists(file) { usleep(1_000) }
            if let victim { kill(processes[victim].processIdentifier, SIGKILL) }
            if let stopped { kill(processes[stopped].processIdentifier, SIGTERM) }
            if let frozen {
                kill(processes[frozen].processIdentifier, SIGSTOP)
                for (rank, process) in processes.enumerated() where rank != frozen { process.waitUntilExit() }
                kill(processes[frozen].processIdentifier, SIGKILL)
            }
        }
        return try processes.enumerated().map { rank, process in
            process.waitUntilExit()
            func said(_ kind: String) throws -> String {
                try String(contentsOf: folder.appending(path: "\(rank).\(kind)"), encoding: .utf8)
            }
            return Result(
                status: process.terminationStatus, output: try said("output"), errors: try said("errors"))
        }
    }

    private func start(_ arguments: [String], adding variables: [String: String], saying place: URL) throws
        -> Process
    {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
            .merging(["OMP_NUM_THREADS": "1"]) { $1 }
        func file(_ kind: String) throws -> FileHandle {
            let url = place.appendingPathExtension(kind)
            try Data().write(to: url)
            return try FileHandle(forWritingTo: url)
        }
        process.standardOutput = try file("output")
        process.standardError = try file("errors")
        try process.run()
        return process
    }
}
