// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation

let weights = CommandLine.arguments.dropFirst().first.map { URL(filePath: $0) }
let job = Sample(weights: weights, count: 16, seed: 1, out: URL(filePath: "samples.png"))
let made = try await job.result()
print("\(made.count) images are in \(made.file.relativePath).")
