// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Images
import Models
import TestSupport
import Testing

/// The built `dmd`, run as a user runs it, in a folder that goes when the test is over.
struct Command {
    let folder: URL

    /// Lends a folder that holds `teacher.safetensors`, a network small enough to run at once.
    static func withFolder(_ body: (Command) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "dmd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let command = Command(folder: folder)
        try command.writeTeacher(seed: 1)
        try body(command)
    }

    /// Writes `teacher.safetensors`.
    func writeTeacher(seed: UInt64) throws {
        try saveDenoiser(tinyNetwork.makeDenoiser(seed: seed), to: url("teacher.safetensors"))
    }

    /// What `train-teacher` needs to make ``tinyNetwork``.
    static let networkSettings = [
        "network.imgResolution=16", "network.labelDim=3", "network.modelChannels=4",
        "network.channelMult=[1, 2]",
        "network.attnResolutions=[]",
    ].flatMap { ["--set", $0] }

    /// The weights that `scripts/setup` fetches.
    static let lpips = URL(filePath: #filePath).appending(path: "../../../.weights/lpips-vgg16.safetensors")
        .standardizedFileURL.path

    /// How a process ended and what it said.
    struct Result {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Runs `dmd` to its end.
    func callAsFunction(_ arguments: String...) throws -> Result { try run(arguments) }

    /// Runs `dmd`, and asks it to stop once it has made `file`, or after some seconds.
    func run(
        _ arguments: [String], environment: [String: String] = [:], interruptAt file: String? = nil,
        interruptAfter seconds: UInt32? = nil
    ) throws -> Result {
        let process = Process()
        let (output, errors) = (Pipe(), Pipe())
        process.executableURL = Self.program
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        if let file {
            while process.isRunning && !exists(file) { usleep(1_000) }
            process.interrupt()
        }
        if let seconds {
            sleep(seconds)
            process.interrupt()
        }
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        let printed = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: String(decoding: printed, as: UTF8.self),
            errors: String(decoding: said, as: UTF8.self))
    }

    /// Starts `dmd`, which then runs beside the test and says nothing.
    func start(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    static let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "dmd")

    func url(_ path: String) -> URL { folder.appending(path: path) }

    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: url(path).path) }

    func data(_ path: String) throws -> Data { try Data(contentsOf: url(path)) }

    /// Writes `clip`, the folder of a CLIP model small enough to run at once.
    func writeCLIP() throws {
        try FileManager.default.copyItem(at: fixture("clip-model"), to: url("clip"))
        for name in ["tokenizer.json", "tokenizer_config.json"] {
            try FileManager.default.copyItem(
                at: fixture("stable-diffusion/tokenizer/\(name)"), to: url("clip/\(name)"))
        }
    }

    /// Writes a text file.
    func write(_ lines: some Sequence<String>, to path: String) throws {
        try Data(lines.joined(separator: "\n").utf8).write(to: url(path))
    }

    /// Writes `images/0/..., 1/...`: pictures of three classes.
    func writeImages() throws {
        for label in 0..<3 {
            let folder = url("images/\(label)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for number in 0..<8 {
                let image = Image(width: 16, height: 16, channels: 1, level: UInt8(80 * label + number))
                try image.write(to: folder.appending(path: "\(number).png"))
            }
        }
    }
}
