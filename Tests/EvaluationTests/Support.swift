// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Torch

/// The file that `scripts/setup` makes, in the repository's folder.
let weights = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: ".weights/lpips-vgg16.safetensors")

/// Smooth RGB waves in [-1, 1], `[1, 3, size, size]`, float64: sin(x / 7), cos(y / 5), sin((x + y) / 9).
func waves(size: Int, shift: Int = 0) -> Tensor {
    let planes: [(Double, Double) -> Double] = [
        { x, _ in sin(x / 7) }, { _, y in cos(y / 5) }, { x, y in sin((x + y) / 9) },
    ]
    let values = planes.flatMap { plane in
        (0..<size).flatMap { y in
            (0..<size).map { x in plane(Double((x - shift + size) % size), Double(y)) }
        }
    }
    return Tensor(values, shape: [1, 3, size, size])
}

/// Runs `body` with the path of a file that does not exist yet, and removes it.
func withTemporaryFile(_ body: (URL) throws -> Void) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).safetensors")
    defer { try? FileManager.default.removeItem(at: file) }
    try body(file)
}
