// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

/// The networks resample with the filter `[1, 1]` alone, so the fixture's `tent` is not compared.
@Suite("Resampling, against PyTorch")
struct ResamplingParityTests {
    @Test(
        "repeated pixels and means of four are the reference's, and so are their gradients",
        arguments: ["up", "down"], [DType.float64, .float32])
    func box(direction: String, dtype: DType) throws {
        let tensors = try SafetensorsFile(fixture("resample.safetensors")).tensors(
            under: "box.\(direction).", as: dtype)
        let (x, v) = (try #require(tensors["x"]), try #require(tensors["v"]))
        x.setRequiresGrad(true)
        let y =
            direction == "up"
            ? x.upsampledNearest(height: 2 * x.shape[2], width: 2 * x.shape[3])
            : x.averagePool2d(kernel: 2, stride: 2)
        let found = outputAndGradients(y, along: v, with: ["x": x])
        let expected = tensors.filter { isOutputOrGradient($0.key) }
        #expect(differences(found, from: expected, tolerance: dtype == .float64 ? 1e-12 : 2e-5) == [])
    }

    @Test("all that the reference has for the filter is compared")
    func completeness() throws {
        let tensors = try SafetensorsFile(fixture("resample.safetensors")).tensors(
            under: "box.", as: .float64)
        #expect(Set(tensors.keys.map { String($0.prefix { $0 != "." }) }) == ["kernel", "up", "down"])
    }

    @Test("the filter in a network's checkpoint is the reference's")
    func kernel() throws {
        let expected = try SafetensorsFile(fixture("resample.safetensors")).tensor("box.kernel")
        let filters = try fixtureDenoiser(as: .float64).state.filter { $0.key.hasSuffix(".resample_filter") }
        // Two on each way down and up, between three sizes.
        #expect(filters.count == 8)
        for (path, filter) in filters { #expect(relativeDifference(filter, expected) == 0, "\(path)") }
    }
}
