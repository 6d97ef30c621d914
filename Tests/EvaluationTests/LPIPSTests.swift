// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite struct LPIPSTests {
    /// Waves against themselves rolled by three pixels, computed by an independent forward pass in PyTorch
    /// whose distances agree with the Python package lpips.
    @Test func layersAgreeWithPyTorch() throws {
        let lpips = try LPIPS(weights: weights)
        let (a, b) = (waves(size: 64).to(.float32), waves(size: 64, shift: 3).to(.float32))
        let expected = [0.0235463, 0.0101688, 0.0110536, 0.0181134, 0.0163012]
        let layers = lpips.layers(a, b)
        #expect(layers.count == 5)
        for (layer, value) in zip(layers, expected) { #expect(abs(layer.item() - value) < 2e-7) }
        #expect(abs(lpips(a, b).item() - 0.0791833) < 5e-7)
    }

    /// Distances, their parts and their gradients, computed by the Python package lpips 0.1.4.
    @Test(arguments: ["wave64", "wave28", "gray28"], [DType.float64, .float32])
    func agreesWithThePythonPackage(name: String, dtype: DType) throws {
        let file = try SafetensorsFile(fixture("lpips.safetensors"))
        // The fixture has gradients of the small images, in float64.
        var expected = try file.tensors(under: "\(name).\(dtype).", as: .float64)
        if dtype == .float64 {
            expected.merge(try file.tensors(under: "\(name).gradient.", as: .float64)) { $1 }
        }

        let lpips = try LPIPS(weights: weights, dtype: dtype)
        let images = [0, 3].map { shift in
            let image = waves(size: name == "wave64" ? 64 : 28, shift: shift)
            // The first wave alone, in all channels.
            return name == "gray28"
                ? image.narrowed(dim: 1, start: 0, count: 1).repeated([1, 3, 1, 1]) : image
        }
        let a = images[0]
        a.setRequiresGrad(true)
        let layers = lpips.layers(a, images[1])
        let distance = lpips(a, images[1])
        var found = [
            "layers": Tensor.concatenated(layers).detached(), "distance": distance.detached().squeezed(0),
        ]
        if expected["a"] != nil { found["a"] = gradients(of: distance.sum(), with: [a])[0] }
        #expect(differences(found, from: expected, tolerance: dtype == .float64 ? 1e-6 : 2e-5) == [])
    }

    @Test func everyDistanceOfThePythonPackageIsCompared() throws {
        let names = try SafetensorsFile(fixture("lpips.safetensors")).names
        let compared = ["wave64", "wave28", "gray28"].flatMap { name in
            ["float64", "float32"].flatMap { ["\(name).\($0).distance", "\(name).\($0).layers"] }
        }
        #expect(Set(names) == Set(compared + ["wave28.gradient.a", "gray28.gradient.a"]))
    }

    @Test func equalImagesHaveNoDistance() throws {
        let lpips = try LPIPS(weights: weights)
        let a = waves(size: 32)
        #expect(lpips(a, a).item() == 0)
        #expect(lpips(a, a * 0.99).item() > 0)
    }

    @Test func orderDoesNotMatter() throws {
        let lpips = try LPIPS(weights: weights, dtype: .float64)
        let (a, b) = (waves(size: 32), waves(size: 32, shift: 5))
        #expect(relativeDifference(lpips(a, b), lpips(b, a)) < 1e-12)
    }

    @Test func pairsOfABatchAreIndependent() throws {
        let lpips = try LPIPS(weights: weights, dtype: .float64)
        let a = waves(size: 16)
        let others = [1, 2, 5].map { waves(size: 16, shift: $0) }
        let together = lpips(.concatenated([a, a, a]), .concatenated(others))
        #expect(relativeDifference(together, .concatenated(others.map { lpips(a, $0) })) < 1e-12)
    }

    @Test func oneChannelIsGrey() throws {
        let lpips = try LPIPS(weights: weights, dtype: .float64)
        let (a, b) = (grey(waves(size: 32)), grey(waves(size: 32, shift: 3)))
        let repeated = lpips(a.repeated([1, 3, 1, 1]), b.repeated([1, 3, 1, 1]))
        #expect(relativeDifference(lpips(a, b), repeated) < 1e-12)
    }

    @Test func resizingIsBilinear() throws {
        let (a, b) = (waves(size: 20), waves(size: 20, shift: 3))
        let distance = try LPIPS(weights: weights, resize: 32, dtype: .float64)(a, b)
        let larger = [a, b].map { $0.interpolatedBilinear(height: 32, width: 32) }
        let expected = try LPIPS(weights: weights, dtype: .float64)(larger[0], larger[1])
        #expect(relativeDifference(distance, expected) < 1e-12)
    }

    /// Along random directions, so that every pixel takes part. The images are noise: on smooth ones, some
    /// features are so near zero that a ReLU's kink lies within the step.
    @Test func gradientMatchesFiniteDifferences() throws {
        let lpips = try LPIPS(weights: weights, dtype: .float64)
        var stream = RandomStream(seed: 1, purpose: "noise")
        let image = stream.normal([1, 3, 16, 16], dtype: .float64)
        let target = stream.normal([1, 3, 16, 16], dtype: .float64)
        let directions = stream.normal([8, image.count], dtype: .float64)
        func distance(_ amounts: Tensor) -> Tensor {
            let change = amounts.unsqueezed(0).matmul(directions).reshaped(image.shape)
            return lpips(image + change, target).sum()
        }
        let amounts = Tensor.zeros([8], dtype: .float64)
        amounts.setRequiresGrad(true)
        let gradient = gradients(of: distance(amounts), with: [amounts])[0]
        let expected = finiteDifferences(at: amounts.detached(), step: 1e-6, distance)
        #expect(relativeDifference(gradient, expected) < 1e-7)
    }

    @Test func gradientFlowsToEitherSide() throws {
        let lpips = try LPIPS(weights: weights, dtype: .float64)
        let (a, b) = (waves(size: 16), waves(size: 16, shift: 2))
        let plain = lpips(a, b)
        #expect(!plain.requiresGrad)
        b.setRequiresGrad(true)
        let oneSided = lpips(a, b)
        #expect(relativeDifference(oneSided, plain) < 1e-12)
        let alone = gradients(of: oneSided.sum(), with: [b])[0]
        a.setRequiresGrad(true)
        let both = gradients(of: lpips(a, b).sum(), with: [a, b])
        #expect(relativeDifference(both[1], alone) < 1e-10)
        #expect(both[0].norm().item() > 0)
    }

    /// The squares of such features are zero in float32, where the square root's slope is infinite.
    @Test func featuresTooSmallToSquareHaveFiniteGradient() throws {
        try withTemporaryFile { file in
            var tensors = try SafetensorsFile(weights).all()
            for (name, tensor) in tensors where name.hasPrefix("features.") {
                let value = name.hasSuffix("bias") ? 1e-25 : 0
                tensors[name] = .full(tensor.shape, value: value)
            }
            try SafetensorsFile.write(tensors, to: file)
            let lpips = try LPIPS(weights: file)
            let a = waves(size: 16).to(.float32)
            a.setRequiresGrad(true)
            let distance = lpips(a, waves(size: 16, shift: 1))
            #expect(distance.item() == 0)
            #expect(gradients(of: distance.sum(), with: [a])[0].abs().max().item() == 0)
        }
    }

    private func grey(_ image: Tensor) -> Tensor { image.mean(dims: [1], keepDims: true) }
}
