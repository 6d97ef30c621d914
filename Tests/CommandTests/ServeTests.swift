// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Testing

@Suite("dmd serve", .serialized, .timeLimit(.minutes(2)))
struct ServeTests {
    @Test("says where it is, holds its port, and ends with status 0 when it is asked to")
    func life() throws {
        try Command.withFolder { dmd in
            let (process, address) = try dmd.serve(["teacher.safetensors", "--port", "0"])
            defer { process.terminate() }
            let port = try #require(address.port)
            let second = try dmd("serve", "teacher.safetensors", "--port", "\(port)")
            #expect(second.status == 64)
            #expect(second.errors.contains("--port is \(port), where another program listens already"))
            #expect(!second.errors.contains("Loading"))

            process.interrupt()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0 && process.terminationReason == .exit)
        }
    }

    @Test("prints a token where others can reach it")
    func token() throws {
        try Command.withFolder { dmd in
            let (process, address) = try dmd.serve([
                "teacher.safetensors", "--port", "0", "--host", "0.0.0.0",
            ])
            defer { process.terminate() }
            #expect(address.query()?.wholeMatch(of: /token=[A-Za-z0-9_-]{32}/) != nil)
        }
    }

    @Test(
        "refuses what cannot be in a sentence",
        arguments: [
            (["nowhere.safetensors"], "nowhere.safetensors does not exist: name a file of weights"),
            (["images"], "images is neither a model's folder nor a run's, and holds no run"),
            (["--port", "70000"], "--port is 70000: give 0 to 65535"),
            (
                ["--host", "no.such.host.invalid"],
                "--host is 'no.such.host.invalid', which is no address of this machine"
            ),
            (["--token", "a b"], "--token cannot be that"),
            (
                ["teacher.safetensors", "--class-names", "names.txt"],
                "--class-names are 2, and teacher has 3 classes"
            ),
        ])
    func refusals(arguments: [String], words: String) throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            try dmd.write(["one", "two"], to: "names.txt")
            let result = try dmd.run(["serve", "--port", "0"] + arguments)
            #expect(result.status != 0)
            #expect(result.errors.contains(words), "\(result.errors)")
        }
    }
}

extension Command {
    /// Starts a server, and waits until it says where it is.
    fileprivate func serve(_ arguments: [String]) throws -> (Process, URL) {
        let (process, errors) = (Process(), Pipe())
        process.executableURL = Self.program
        process.arguments = ["serve"] + arguments
        process.currentDirectoryURL = folder
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        var said = ""
        while true {
            let part = errors.fileHandleForReading.availableData
            said += String(decoding: part, as: UTF8.self)
            if let match = said.firstMatch(of: /Open (\S+) in a browser/) {
                return (process, try #require(URL(string: String(match.1))))
            }
            try #require(!part.isEmpty, "\(said)")
        }
    }
}
