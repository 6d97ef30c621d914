// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

extension Benchmark {
    /// What was measured, and with which settings. As JSON it has the keys that `Benchmarks/README.md` describes.
    public struct Report: Codable, Equatable, Sendable, CustomStringConvertible {
        /// What was measured of an item.
        public struct Item: Codable, Equatable, Sendable {
            /// Its name.
            public let name: String
            /// The median time of a run.
            public let seconds: Double
            /// The largest resident memory of the process until then.
            public let peakBytes: Int

            enum CodingKeys: String, CodingKey {
                case name, seconds
                case peakBytes = "peak_bytes"
            }
        }

        /// `swift`.
        public private(set) var implementation = "swift"
        /// The version of libtorch.
        public let version: String
        /// The network.
        public let config: String
        /// Channels of the network's highest resolution.
        public let modelChannels: Int
        /// Images for distribution matching.
        public let batch: Int
        /// Images in the regression loss.
        public let pairs: Int
        /// Updates of the critic in a step.
        public let criticSteps: Int
        /// Height and width to which LPIPS enlarged images, if it did.
        public let lpipsSize: Int?
        /// Threads on the CPU.
        public let threads: Int
        /// How fast matrices are multiplied here, in 10^9 operations a second.
        public let productGflops: Double
        /// The items, in the order in which they were timed.
        public let items: [Item]

        enum CodingKeys: String, CodingKey {
            case implementation, version, config, batch, pairs, threads, items
            case modelChannels = "model_channels"
            case criticSteps = "critic_steps"
            case lpipsSize = "lpips_size"
            case productGflops = "product_gflops"
        }

        /// One report of several with the same settings: all of their items, and the fastest product of matrices.
        public static func joined(_ reports: [Report]) -> Report? {
            guard let first = reports.first else { return nil }
            return Report(
                version: first.version, config: first.config, modelChannels: first.modelChannels,
                batch: first.batch, pairs: first.pairs, criticSteps: first.criticSteps,
                lpipsSize: first.lpipsSize, threads: first.threads,
                productGflops: reports.reduce(0) { max($0, $1.productGflops) },
                items: reports.flatMap(\.items))
        }

        /// A line for each item, and one for the product of matrices.
        public var description: String {
            let lines = items.map { item in
                "\(item.name.padding(toLength: 22, withPad: " ", startingAt: 0))"
                    + String(format: "%10.4f s %8d MiB", item.seconds, item.peakBytes >> 20)
            }
            return lines.joined(separator: "\n")
                + String(
                    format: "\nproduct of matrices: %.0f GFLOP/s on %d threads", productGflops, threads)
        }
    }
}
