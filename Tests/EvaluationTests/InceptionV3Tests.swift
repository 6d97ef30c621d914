// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite(.serialized) struct InceptionV3Tests {
    /// The weights are made from a list of the published file's tensors, and a tensor that the network lacks is refused:
    /// so its tensors are exactly those of the list.
    @Test func itsTensorsAreThePublishedOnes() throws {
        try withTemporaryFile { file in
            var tensors = try inceptionWeights()
            #expect(tensors.count == 566)
            let source = #"{"file":"a.pth","format":"x","sha256":"6726825d0af5"}"#
            try SafetensorsFile.write(tensors, metadata: ["dmd.source": source], to: file)
            let network = try InceptionV3(weights: file, input: .pyTorchFID)
            #expect(network.sourceHash == "6726825d0af5" && network.isPublished)
            #expect(
                network.kind.description
                    == "inception-v3-2015-12-05/pool3 (2048 features, resize pytorch-fid-299)")

            let images = levels("square", count: 3, height: 20, width: 20)
            let features = network.features(ofLevels: images)
            #expect(features.features.shape == [3, 2048] && features.logits?.shape == [3, 1008])
            #expect(network.classCount == 1008)
            let grey = images.narrowed(dim: 1, start: 1, count: 1)
            let repeated = network.features(ofLevels: grey.repeated([1, 3, 1, 1])).features
            #expect(relativeDifference(network.features(ofLevels: grey).features, repeated) < 1e-6)

            tensors["AuxLogits.fc.bias"] = .zeros([1000])
            try SafetensorsFile.write(tensors, to: file)
            let error = #expect(throws: EvaluationError.self) { try InceptionV3(weights: file) }
            #expect(error == .surplusWeights(file: file.path, of: .inception, tensor: "AuxLogits.fc.bias"))
            #expect(
                error?.description
                    == "\(file.path) does not hold FID's Inception-v3 alone: it has AuxLogits.fc.bias too; \(Self.remedy)."
            )
        }
    }

    private static let remedy =
        "get pt_inception-2015-12-05-6726825d.pth, which the Python packages pytorch-fid and torch-fidelity fetch"

    @Test func aMissingFileSaysWhichToGet() {
        let error = #expect(throws: EvaluationError.self) {
            try InceptionV3(weights: URL(filePath: "/nowhere/inception.safetensors"))
        }
        #expect(
            error?.description
                == "The weights of FID's Inception-v3 are not at /nowhere/inception.safetensors: \(Self.remedy)."
        )
    }

    @Test func otherWeightsAreRefused() throws {
        try withTemporaryFile { file in
            try SafetensorsFile.write(["Conv2d_1a_3x3.conv.weight": .zeros([32, 1, 3, 3])], to: file)
            let error = #expect(throws: EvaluationError.self) { try InceptionV3(weights: file) }
            #expect(
                error?.description
                    == "\(file.path) does not hold FID's Inception-v3: Conv2d_1a_3x3.conv.weight has shape [32, 1, 3, 3] "
                    + "instead of [32, 3, 3, 3]; \(Self.remedy).")
        }
    }

    /// The size stays and only values matter: no pixel between two others.
    @Test func levelsOfVGGFeaturesAreItsImages() throws {
        let network = try VGGFeatures(weights: weights, resize: nil)
        let images = levels("vgg", count: 5, height: 24, width: 20)
        let expected = network(images.to(.float32) / 127.5 - 1)
        let found = network.features(ofLevels: images)
        #expect(relativeDifference(found.features, expected) < 1e-5 && found.logits == nil)
        #expect(network.kind == FeatureKind(network: "vgg16/relu5_3", resize: "none", count: 512))
    }
}
