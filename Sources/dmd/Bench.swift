// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Foundation
import Torch

/// Times a step and its parts; `Benchmarks/README.md` describes the items and the JSON.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Time a distillation step, its parts, and sampling.",
        discussion:
            "All weights and images are random: only shapes matter. Benchmarks/compare runs PyTorch beside it."
    )

    @Option(help: "The network.")
    var config = BenchNetwork.fashion

    @Option(help: "Channels of the network's highest resolution, instead of the configuration's.")
    var modelChannels: Int?

    @Option(help: "Images for distribution matching.")
    var batch = 64

    @Option(help: "Images in the regression loss.")
    var pairs = 32

    @Option(help: "Updates of the critic in a step.")
    var criticSteps = 1

    @Flag(help: "Let the networks compute in bfloat16.")
    var bfloat16 = false

    @Flag(help: "Make the networks' inner results again in the backward pass.")
    var checkpointing = false

    @Option(help: "Height and width to which LPIPS enlarges images (default: not at all).")
    var lpipsSize: Int?

    @Option(help: "Measured runs of each item.")
    var repeats = 5

    @Option(help: "What to time, with commas (default: all that the network can do).")
    var items: String?

    @Option(help: "LPIPS's weights, which scripts/setup fetches.")
    var lpips = Path.lpips

    @Flag(help: "Print one JSON object.")
    var json = false

    @Flag(help: .hidden)
    var inProcess = false

    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        try requirePositive(
            ("batch", batch), ("pairs", pairs), ("critic-steps", criticSteps), ("repeats", repeats),
            ("model-channels", modelChannels ?? 1))
        _ = try namedItems()
    }

    func run() throws {
        let device = try compute.resolved()
        let names = try namedItems()
        if inProcess {
            return print(String(decoding: try JSONEncoder().encode(measure(names[0], device)), as: UTF8.self))
        }
        let report = BenchReport(
            config: config.rawValue, modelChannels: modelChannels ?? config.modelChannels, batch: batch,
            pairs: pairs, criticSteps: criticSteps, lpipsSize: lpipsSize, threads: LibTorch.threads,
            productGflops: productRate(device) / 1e9, items: try names.map(measureApart))
        if json {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            return print(String(decoding: try encoder.encode(report), as: UTF8.self))
        }
        print(report)
    }

    private func namedItems() throws -> [BenchItem] {
        guard let items else { return config.items }
        return try items.split(separator: ",").map { name in
            guard let item = BenchItem(rawValue: String(name)), config.items.contains(item) else {
                let names = config.items.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--items has '\(name)'; for \(config.rawValue) there are \(names).")
            }
            return item
        }
    }

    /// Runs an item in a process of its own, whose peak memory is the item's.
    private func measureApart(_ item: BenchItem) throws -> BenchReport.Item {
        let process = Process()
        let output = Pipe()
        process.executableURL = Bundle.main.executableURL
        process.arguments =
            CommandLine.arguments.dropFirst() + ["--items", item.rawValue, "--in-process"]
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw ExitCode(process.terminationStatus) }
        return try JSONDecoder().decode(BenchReport.Item.self, from: data)
    }

    /// The median time of an item, in seconds, after one run that is not measured.
    private func measure(_ item: BenchItem, _ device: Device) throws -> BenchReport.Item {
        let work = try config.work(item, self, device)
        // What drawing the weights took is not the work's.
        LibTorch.returnFreedMemory()
        work()
        let times = (0..<repeats).map { _ in seconds(work) }.sorted()
        let middle = (times[(repeats - 1) / 2] + times[repeats / 2]) / 2
        return BenchReport.Item(name: item.rawValue, seconds: middle, peakBytes: peakMemory())
    }

    /// Operations a second in a float32 product of two 2048 x 2048 matrices, best of five.
    private func productRate(_ device: Device) -> Double {
        var stream = RandomStream(seed: 0, purpose: "bench.product")
        let (a, b) = (
            stream.normal([2_048, 2_048], device: device), stream.normal([2_048, 2_048], device: device)
        )
        func product() { _ = concurrently(1) { _ in a.matmul(b).selected(dim: 0, index: 0).sum().item() } }
        product()
        let best = (0..<5).map { _ in seconds(product) }.reduce(.infinity, min)
        return 2 * 2_048 * 2_048 * 2_048 / best
    }
}

private func seconds(_ work: () -> Void) -> Double {
    let start = ContinuousClock.now
    work()
    return (ContinuousClock.now - start) / .seconds(1)
}

/// What `dmd bench` prints.
struct BenchReport: Encodable, CustomStringConvertible {
    /// A line of it.
    struct Item: Codable {
        let name: String
        let seconds: Double
        let peakBytes: Int
    }

    var implementation = "swift"
    var version = LibTorch.version
    let config: String
    let modelChannels: Int
    let batch: Int
    let pairs: Int
    let criticSteps: Int
    let lpipsSize: Int?
    let threads: Int
    let productGflops: Double
    let items: [Item]

    var description: String {
        let lines = items.map { item in
            "\(item.name.padding(toLength: 22, withPad: " ", startingAt: 0))"
                + String(format: "%10.4f s %8d MiB", item.seconds, item.peakBytes >> 20)
        }
        return lines.joined(separator: "\n")
            + String(format: "\nproduct of matrices: %.0f GFLOP/s on %d threads", productGflops, threads)
    }
}
