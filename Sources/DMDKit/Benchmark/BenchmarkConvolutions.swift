// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Torch

/// Times the convolutions of 3 x 3 pixels that networks spend most of their time in, as they are made here and as libtorch makes them, and
/// tells how far both are from float64.
public struct BenchmarkConvolutions: Job {
    /// Measured runs of each, after one that is not measured.
    public var repeats: Int
    /// Where to compute.
    public var compute: ComputeSettings

    /// A benchmark; see the properties.
    public init(repeats: Int = 5, compute: ComputeSettings = .cpu) {
        (self.repeats, self.compute) = (repeats, compute)
    }

    /// The shapes of the bundled network, of EDM's for CIFAR-10 and ImageNet, and of Stable Diffusion's U-Net and decoder.
    private static let shapes = [
        Shape("bundled", 16, 16, side: 28, batch: 64), Shape("bundled", 32, 32, side: 14, batch: 64),
        Shape("CIFAR-10", 128, 128, side: 32, batch: 16), Shape("CIFAR-10", 256, 256, side: 16, batch: 16),
        Shape("CIFAR-10", 256, 256, side: 16, batch: 1), Shape("CIFAR-10", 256, 256, side: 8, batch: 16),
        Shape("ImageNet-64", 192, 192, side: 64, batch: 4),
        Shape("ImageNet-64", 576, 576, side: 16, batch: 4), Shape("SD U-Net", 320, 320, side: 64, batch: 1),
        Shape("SD U-Net", 640, 640, side: 32, batch: 1), Shape("SD U-Net", 1_280, 1_280, side: 16, batch: 1),
        Shape("SD decoder", 512, 512, side: 64, batch: 1), Shape("SD decoder", 256, 256, side: 256, batch: 1),
        Shape("SD decoder", 128, 128, side: 512, batch: 1),
    ]

    private struct Shape {
        let network: String
        let inputs: Int
        let outputs: Int
        let side: Int
        let batch: Int

        init(_ network: String, _ inputs: Int, _ outputs: Int, side: Int, batch: Int) {
            (self.network, self.inputs, self.outputs) = (network, inputs, outputs)
            (self.side, self.batch) = (side, batch)
        }

        var words: String { "\(inputs) to \(outputs), \(side) x \(side), \(batch)" }
        /// Additions and multiplications of the sum over all pixels of a kernel.
        var operations: Double { 18 * Double(inputs * outputs * side * side * batch) }
    }

    /// What was measured of a convolution.
    public struct Row: Sendable {
        /// Whose it is.
        public let network: String
        /// Channels, pixels and images.
        public let shape: String
        /// The median seconds as libtorch makes it, and as it is made here.
        public let seconds: (libtorch: Double, here: Double)
        /// The largest difference from float64, as a share of the largest value.
        public let error: (libtorch: Double, here: Double)
        /// Operations a second that a sum over all pixels of a kernel would take, to come to the time here.
        public let rate: Double
        /// Whether it is made by Winograd's algorithm here.
        public let isWinograd: Bool
    }

    /// Times one after another.
    public func run(in context: JobContext) throws -> [Row] {
        try require(("repeats", repeats, 1...1_000_000))
        var progress = context.counter("convolutions", total: Self.shapes.count, unit: "shape")
        let rows = try Self.shapes.enumerated().map { index, shape in
            try context.check()
            defer { progress.update(index + 1) }
            // One part, so that each operator has all threads.
            return withoutGradients { concurrently(1) { _ in row(shape) }[0] }
        }
        progress.finish()
        return rows
    }

    private func row(_ shape: Shape) -> Row {
        var stream = RandomStream(seed: 0, purpose: "bench.convolutions")
        let device = compute.device
        let x = stream.normal([shape.batch, shape.inputs, shape.side, shape.side], device: device)
            .channelsLast()
        let weight = stream.normal([shape.outputs, shape.inputs, 3, 3], device: device).channelsLast()
        func convolved() -> Tensor { x.conv2d(weight: weight, padding: 1) }
        let here = convolved()
        let libtorch = LibTorch.withExactConvolutions(convolved)
        let exact = LibTorch.withExactConvolutions {
            x.to(.float64).conv2d(weight: weight.to(.float64), padding: 1)
        }
        let largest = exact.abs().max().item()
        func error(_ result: Tensor) -> Double { (result.to(.float64) - exact).abs().max().item() / largest }
        let seconds = (
            libtorch: LibTorch.withExactConvolutions { median { _ = convolved() } },
            here: median { _ = convolved() }
        )
        return Row(
            network: shape.network, shape: shape.words, seconds: seconds,
            error: (error(libtorch), error(here)), rate: shape.operations / seconds.here,
            isWinograd: (here - libtorch).abs().max().item() > 0)
    }

    private func median(_ work: () -> Void) -> Double {
        let times = (0..<repeats).map { _ in
            let start = ContinuousClock.now
            work()
            return (ContinuousClock.now - start) / .seconds(1)
        }.sorted()
        return (times[(repeats - 1) / 2] + times[repeats / 2]) / 2
    }
}

extension [BenchmarkConvolutions.Row] {
    /// A table in Markdown.
    public var table: String {
        let lines = map { row in
            let times = String(
                format: "%.2f | %.2f | %.2f | %.0f", row.seconds.libtorch * 1e3, row.seconds.here * 1e3,
                row.seconds.libtorch / row.seconds.here, row.rate / 1e9)
            let errors = String(format: "%.0e | %.0e", row.error.libtorch, row.error.here)
            return
                "| \(row.network) | \(row.shape) | \(times) | \(errors) | \(row.isWinograd ? "Winograd" : "libtorch") |"
        }
        return
            ([
                "| Network | Channels, pixels, images | libtorch, ms | Here, ms | Times as fast | GFLOP/s in effect | Error of libtorch | Here | Made by |",
                "|---|---|--:|--:|--:|--:|--:|--:|---|",
            ] + lines).joined(separator: "\n")
    }
}
