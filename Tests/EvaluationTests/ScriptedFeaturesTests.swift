// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Foundation
import TestSupport
import Testing
import Torch

@Suite struct ScriptedFeaturesTests {
    private let detector = fixture("weights/detector.pt")

    /// The program multiplies the mean of each channel by a matrix with entries 0, 1/16, 2/16 and so on.
    @Test func aProgramGivesFeatures() throws {
        let network = try ScriptedFeatures(program: detector)
        #expect(network.kind == FeatureKind(network: "detector", resize: "scripted", count: 5))
        let images = levels("script", count: 3, height: 5, width: 4)
        let means = images.to(.float32).mean(dims: [2, 3])
        let matrix = Tensor((0..<15).map { Float($0) / 16 }, shape: [5, 3])
        let features = try network.features(ofLevels: images)
        #expect(relativeDifference(features.features, means.matmul(matrix.transposed(0, 1))) < 1e-6)
        #expect(features.logits == nil && features.features.dtype == .float32)
        let grey = images.narrowed(dim: 1, start: 0, count: 1)
        #expect(
            relativeDifference(
                try network.features(ofLevels: grey).features,
                try network.features(ofLevels: grey.repeated([1, 3, 1, 1])).features) < 1e-6)
        #expect(
            relativeDifference(
                try network.features(ofLevels: images.to(.float32) + 0.25).features, features.features) < 1e-6
        )
    }

    @Test func optionsReachTheProgram() throws {
        #expect(try ScriptedFeatures(program: detector, options: [:]).kind.count == 3)
    }

    @Test func anOptionThatTheProgramLacksSaysSo() throws {
        let error = #expect(throws: ScriptError.self) {
            try ScriptedFeatures(program: detector, options: ["use_fp16": true])
        }
        let text = try #require(error).description
        #expect(text.hasPrefix("The TorchScript program \(detector.path) failed: "))
        #expect(text.contains("use_fp16") && !text.contains("\n"), "\(text)")
    }

    @Test func anInputThatTheProgramRefusesSaysSo() throws {
        let program = try ScriptProgram(detector)
        let error = #expect(throws: ScriptError.self) { try program(.zeros([1, 3, 2, 2])) }
        #expect(
            error?.description
                == "The TorchScript program \(detector.path) failed: AssertionError; check that it takes this input."
        )
    }

    @Test func twoResultsAreRefused() throws {
        let file = fixture("weights/pair.pt")
        let error = #expect(throws: ScriptError.self) { try ScriptedFeatures(program: file) }
        #expect(
            error?.description
                == "The TorchScript program \(file.path) failed: it returns Tuple instead of a tensor; check that it "
                + "takes this input.")
    }

    @Test func otherFilesAreRefused() throws {
        for name in ["weights/plain.pt", "lpips.safetensors"] {
            let file = fixture(name)
            let error = #expect(throws: ScriptError.self) { try ScriptProgram(file) }
            let text = try #require(error).description
            #expect(text.hasPrefix("\(file.path) cannot be loaded as TorchScript: "))
            #expect(
                text.hasSuffix("; give a .pt file that torch.jit.save wrote.") && !text.contains("\n"),
                "\(text)")
        }
        let missing = URL(filePath: "/nowhere/detector.pt")
        let error = #expect(throws: ScriptError.self) { try ScriptProgram(missing) }
        #expect(
            error?.description
                == "/nowhere/detector.pt cannot be loaded as TorchScript: there is no such file; give a .pt file that "
                + "torch.jit.save wrote.")
    }

    @Test func whatIsNotAVectorAnImageIsRefused() {
        let error = EvaluationError.notADetector(file: "a.pt", reason: "it returns [2] of 2 images")
        #expect(
            error.description
                == "a.pt does not turn images into features: it returns [2] of 2 images; give a TorchScript program that "
                + "takes images [N, 3, H, W] of uint8 and returns [N, D].")
    }
}
