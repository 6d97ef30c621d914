// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// The weights that make each sample of a resized row from the samples around it, as whole multiples of `1 / one`: those of
/// `PIL.Image.resize` up to Pillow 12.
///
/// ```text
/// out[i] = sum_j k((j + 1/2 - c) / w) in[j] / sum_j k((j + 1/2 - c) / w)
/// c = (i + 1/2) s,  w = max(s, 1),  s = size in / size out
/// ```
package struct PillowWeights {
    /// The function `k`.
    package enum Kernel: Sendable {
        /// Lanczos's with three lobes: `sinc(x) sinc(x / 3)` for `|x| < 3`.
        case lanczos
        /// Keys's cubic with `a = -1/2`, for `|x| < 2`. Source: Keys 1981 (doi 10.1109/TASSP.1981.1163711).
        case bicubic
    }

    /// Levels times weights fit 32 bits with this many binary places.
    package static let places = 22
    private static let one = Double(1 << places)

    /// For each output sample, the first input sample that it is made of.
    package private(set) var first: [Int] = []
    /// For each output sample, its part of ``values``.
    package private(set) var ranges: [Range<Int>] = []
    /// All weights, one output sample after another.
    package private(set) var values: [Int32] = []

    /// The weights from `count` samples to `size`.
    package init(_ kernel: Kernel, from count: Int, to size: Int) {
        let scale = Double(count) / Double(size)
        let width = max(scale, 1)
        let reach = kernel.reach * width
        for target in 0..<size {
            let center = (Double(target) + 0.5) * scale
            let start = max(Int(center - reach + 0.5), 0)
            let end = min(Int(center + reach + 0.5), count)
            let raw = (start..<end).map { kernel((Double($0) + 0.5 - center) / width) }
            let sum = raw.reduce(0, +)
            first.append(start)
            ranges.append(values.count..<values.count + raw.count)
            values += raw.map { Int32(($0 / sum * Self.one).rounded(.toNearestOrAwayFromZero)) }
        }
    }
}

extension PillowWeights.Kernel {
    fileprivate var reach: Double {
        switch self {
        case .lanczos: 3
        case .bicubic: 2
        }
    }

    fileprivate func callAsFunction(_ x: Double) -> Double {
        let x = abs(x)
        switch self {
        case .lanczos: return x < 3 ? sinc(x) * sinc(x / 3) : 0
        case .bicubic:
            if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
            return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0
        }
    }
}

private func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(.pi * x) / (.pi * x) }
