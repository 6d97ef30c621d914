// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import ArgumentParser
import DMDKit
import Foundation

/// Times a step and its parts; `Benchmarks/README.md` describes the items and the JSON.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Time a distillation step, its parts, and sampling.",
        discussion:
            "All weights and images are random: only shapes matter. Benchmarks/compare runs PyTorch beside it."
    )

    @Option(help: "The network.")
    var config = Benchmark.Network.fashion

    @Option(
        parsing: .unconditional,
        help: "Channels of the network's highest resolution, instead of the configuration's.")
    var modelChannels: Int?

    @Option(parsing: .unconditional, help: "Images for distribution matching.")
    var batch = 64

    @Option(parsing: .unconditional, help: "Images in the regression loss.")
    var pairs = 32

    @Option(parsing: .unconditional, help: "Updates of the critic in a step.")
    var criticSteps = 1

    @Flag(help: "Let the networks compute in bfloat16.")
    var bfloat16 = false

    @Flag(
        help: "Let the networks make their products of whole numbers of eight bits, in sampling.")
    var int8 = false

    @Flag(help: "Make the networks' inner results again in the backward pass.")
    var checkpointing = false

    @Option(
        parsing: .unconditional,
        help: "Height and width to which LPIPS enlarges images (default: not at all).")
    var lpipsSize: Int?

    @Option(parsing: .unconditional, help: "Measured runs of each item.")
    var repeats = 5

    @Option(
        help: "What to time, with commas (default: all that the network can do).", transform: items(named:))
    var items: [Benchmark.Item]?

    @Option(help: "LPIPS's weights (default: those that scripts/setup fetches).")
    var lpips: Path?

    @Flag(
        help: """
            Time the networks' convolutions instead, as they are made here and by libtorch, and print a table with the errors of both; of \
            the other options --repeats, --device and --threads count.
            """)
    var convolutions = false

    @Flag(help: "Print one JSON object.")
    var json = false

    @Flag(help: .hidden)
    var inProcess = false

    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        if int8, bfloat16 {
            throw ValidationError("--int8 and --bfloat16 are two ways to compute: leave one of them out.")
        }
        guard convolutions else { return }
        if let other = [
            ("items", items != nil), ("json", json), ("model-channels", modelChannels != nil),
            ("bfloat16", bfloat16), ("int8", int8),
            ("checkpointing", checkpointing), ("lpips-size", lpipsSize != nil), ("lpips", lpips != nil),
        ].first(where: \.1) {
            throw ValidationError("--\(other.0) has no meaning with --convolutions: leave one of them out.")
        }
    }

    func run() async throws {
        if convolutions {
            let job = try Terminal.settings {
                BenchmarkConvolutions(repeats: repeats, compute: try compute.settings())
            }
            return print(try await Terminal.run(job).table)
        }
        let report = inProcess ? try await Terminal.run(benchmark()) : try measuredApart()
        let text = json ? String(decoding: try JSONEncoder().encode(report), as: UTF8.self) : "\(report)"
        print(text)
    }

    private func benchmark() throws -> Benchmark {
        var benchmark = Benchmark(
            config, modelChannels: modelChannels, batch: batch, pairs: pairs, criticSteps: criticSteps,
            bfloat16: bfloat16, checkpointing: checkpointing, lpips: lpips?.url, lpipsSize: lpipsSize,
            repeats: repeats, items: items, compute: try compute.settings())
        benchmark.int8 = int8
        return benchmark
    }

    /// Runs every item in a process of its own, whose peak memory is the item's.
    private func measuredApart() throws -> Benchmark.Report {
        let reports = try benchmark().timedItems.map { item in
            let process = Process()
            let output = Pipe()
            process.executableURL = Bundle.main.executableURL
            process.arguments =
                CommandLine.arguments.dropFirst() + ["--items", item.rawValue, "--in-process"]
                + (json ? [] : ["--json"])
            process.standardOutput = output
            try process.run()
            let data = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw ExitCode(process.terminationStatus) }
            return try JSONDecoder().decode(Benchmark.Report.self, from: data)
        }
        guard let report = Benchmark.Report.joined(reports) else {
            throw ValidationError("--items names nothing to time.")
        }
        return report
    }
}

extension Benchmark.Network: ExpressibleByArgument {}

private func items(named names: String) throws -> [Benchmark.Item] {
    try names.split(separator: ",").map { name in
        guard let item = Benchmark.Item(rawValue: String(name)) else {
            let known = Benchmark.Item.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("There is no item '\(name)', but \(known).")
        }
        return item
    }
}
