// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import TestSupport
import Testing
import Torch

@Suite("Strips of an image")
struct StripsTests {
    private func image(_ shape: [Int]) -> Tensor {
        var stream = RandomStream(seed: 3, purpose: "strips")
        return stream.normal(shape).channelsLast()
    }

    @Test("come to what the whole image comes to", arguments: [1, 3, 7, 13, 40], [1, 2])
    func convolution(rows: Int, scale: Int) {
        var stream = RandomStream(seed: 4, purpose: "strips")
        let conv = Conv2d(3, 5, kernel: 3, padding: 1, from: &stream)
        let x = image([2, 3, 13, 6])
        func whole(_ x: Tensor) -> Tensor {
            conv(scale == 2 ? x.upsampledNearest(height: 2 * x.shape[2], width: 2 * x.shape[3]) : x)
        }
        let expected = withoutGradients { whole(x) }
        let found = inStrips(x, rows: rows, scale: scale, whole)
        #expect(found.shape == expected.shape && !found.requiresGrad)
        #expect(relativeDifference(found, expected) < 1e-6)
        #expect(relativeDifference(inStrips(x, rows: rows, halo: 0) { $0 * 2 }, x * 2) == 0)
    }

    @Test("are normalised by the mean and the variance of all, also far from 0")
    func normalisation() throws {
        let norm = GroupNorm(6, groups: 2, epsilon: 1e-5)
        norm.weight.copy(from: image([1, 6, 1, 1]).reshaped([6]))
        norm.bias.copy(from: image([6, 1, 1, 1]).reshaped([6]))
        let x = image([2, 6, 37, 5]) + 30
        let strips = norm.inStrips(of: x)
        let expected = withoutGradients { norm.silu(x) }
        #expect(relativeDifference(inStrips(x, rows: 8, halo: 0) { strips.silu($0) }, expected) < 1e-5)
    }

    @Test("are for large images on the CPU without gradient alone")
    func size() {
        let x = image([1, 2, 4, 4])
        #expect(!x.goesInStrips)
        Strips.$leastElements.withValue(32) {
            #expect(x.goesInStrips)
            var stream = RandomStream(seed: 4, purpose: "strips")
            let conv = Conv2d(2, 2, kernel: 3, padding: 1, from: &stream)
            conv.setRequiresGrad(true)
            #expect(!conv(x).goesInStrips && withoutGradients { conv(x) }.goesInStrips)
        }
        Strips.$leastElements.withValue(33) {
            #expect(!x.goesInStrips && x.goesInStrips(enlarged: 4))
        }
    }
}
