// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite struct VGG16Tests {
    @Test func featuresHalveFromBlockToBlock() throws {
        let features = try VGG16(weights: weights)(waves(size: 50).narrowed(dim: 2, start: 0, count: 37))
        #expect(
            features.map(\.shape) == [
                [1, 64, 37, 50], [1, 128, 18, 25], [1, 256, 9, 12], [1, 512, 4, 6], [1, 512, 2, 3],
            ])
        #expect(features.allSatisfy { $0.min().item() >= 0 && $0.max().item() > 0 })
    }

    @Test func pooledFeaturesAreTheMeansOfTheLastBlock() throws {
        let images = Tensor.concatenated([waves(size: 48), waves(size: 48, shift: 7)])
        let pooled = try VGGFeatures(weights: weights, resize: nil)(images)
        let maps = try VGG16(weights: weights)(images)[4].array(as: Double.self)
        let pixels = 3 * 3
        let means = stride(from: 0, to: maps.count, by: pixels).map { start in
            maps[start..<start + pixels].reduce(0, +) / Double(pixels)
        }
        #expect(pooled.shape == [2, VGGFeatures.count])
        #expect(relativeDifference(pooled, Tensor(means, shape: [2, 512])) < 1e-6)
    }

    @Test func pooledFeaturesCarryNoGradient() throws {
        let image = waves(size: 16)
        image.setRequiresGrad(true)
        #expect(!(try VGGFeatures(weights: weights, resize: nil)(image).requiresGrad))
    }

    @Test func missingFileSaysWhatToRun() throws {
        try withTemporaryFile { file in
            let error = try #require(throws: EvaluationError.self) { try LPIPS(weights: file) }
            #expect(error == .missingWeights(file: file.path, of: .lpips))
            #expect(error.description.contains(file.path) && error.description.contains("scripts/setup"))
        }
    }

    @Test func foreignFileIsRefused() throws {
        try withTemporaryFile { file in
            try SafetensorsFile.write(["conv.weight": Tensor.ones([4])], to: file)
            let error = try #require(throws: EvaluationError.self) { try VGG16(weights: file) }
            #expect(
                error
                    == .foreignWeights(
                        file: file.path, of: .lpips, tensor: "features.0.weight", expected: [64, 3, 3, 3],
                        found: nil))
            #expect(error.description.contains("features.0.weight is missing"))
        }
    }

    @Test func foreignShapeIsRefused() throws {
        try withTemporaryFile { file in
            try SafetensorsFile.write(["features.0.weight": Tensor.ones([64, 4, 3, 3])], to: file)
            let error = try #require(throws: EvaluationError.self) {
                try VGGFeatures(weights: file, resize: nil)
            }
            #expect(error.description.contains("[64, 4, 3, 3] instead of [64, 3, 3, 3]"))
        }
    }

    @Test func aTrunkWithoutLPIPSWeightsIsRefused() throws {
        try withTemporaryFile { file in
            let trunk = try SafetensorsFile(weights).all().filter { $0.key.hasPrefix("features.") }
            try SafetensorsFile.write(trunk, to: file)
            #expect(
                throws: EvaluationError.foreignWeights(
                    file: file.path, of: .lpips, tensor: "lin0.model.1.weight", expected: [1, 64, 1, 1],
                    found: nil)
            ) { try LPIPS(weights: file) }
        }
    }

    @Test func aTruncatedFileIsRefused() throws {
        try withTemporaryFile { file in
            try Data(contentsOf: weights).prefix(100_000).write(to: file)
            #expect(throws: SafetensorsError.self) { try LPIPS(weights: file) }
        }
    }
}
