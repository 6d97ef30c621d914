// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch

@Suite struct ReferenceStatisticsTests {
    private static let kind = FeatureKind(network: "toy", resize: "none", count: 3)
    private let mean = Tensor([1, -2, 0.5])
    private let covariance = Tensor([2, 0.5, 0, 0.5, 1, -0.25, 0, -0.25, 3], shape: [3, 3])

    @Test(arguments: [
        "edm.npz", "pytorch-fid.npz", "guided-diffusion.npz", "single.npz", "torch-fidelity.pt", "edm2.pkl",
    ])
    func otherProgramsFilesAreRead(name: String) throws {
        let reference = try ReferenceStatistics(contentsOf: fixture("references/\(name)"))
        #expect(reference.gaussian.mean.array(as: Double.self) == mean.array(as: Double.self))
        #expect(reference.gaussian.covariance.array(as: Double.self) == covariance.array(as: Double.self))
        #expect(reference.kind == nil && reference.imageCount == nil && reference.networkHash == nil)
        #expect(reference.isRankDeficient == nil)
    }

    @Test func whatIsWrittenIsReadBack() throws {
        try withTemporaryFile { file in
            let written = ReferenceStatistics(
                Gaussian(mean: mean, covariance: covariance), kind: Self.kind, imageCount: 3,
                networkHash: "abc", source: "a folder \u{1F4C1}")
            try written.write(to: file)
            let read = try ReferenceStatistics(contentsOf: file)
            #expect(read.gaussian.mean.array(as: Double.self) == mean.array(as: Double.self))
            #expect(read.gaussian.covariance.array(as: Double.self) == covariance.array(as: Double.self))
            #expect(read.kind == Self.kind && read.imageCount == 3 && read.networkHash == "abc")
            #expect(read.source == "a folder \u{1F4C1}" && read.isRankDeficient == true)
        }
    }

    @Test(arguments: [
        ("no-sigma", "it has no array 'sigma'"),
        ("not-square", "'sigma' has shape [2, 3] and 'mu' [3]"),
        ("asymmetric", "'sigma' is not symmetric"),
        ("nan", "'mu' has entries that are not finite"),
        ("integers", "'mu' is of type <i8 instead of float64 or float32"),
    ])
    func otherArraysAreRefused(name: String, reason: String) {
        let file = fixture("references/\(name).npz")
        let error = #expect(throws: EvaluationError.self) { try ReferenceStatistics(contentsOf: file) }
        #expect(error == .foreignReference(file: file.path, reason: reason))
        #expect(
            error?.description
                == "\(file.path) does not hold reference statistics: \(reason); give an .npz file with mu [D] and "
                + "sigma [D, D].")
    }

    @Test func swappedShapesAreRefused() throws {
        try withTemporaryFile { file in
            let arrays = [
                NumPyArray(type: "<f8", shape: [1, 1], bytes: Data(count: 8)),
                NumPyArray(type: "<f8", shape: [1], bytes: Data(count: 8)),
            ]
            try writeZip(to: file, names: ["mu.npy", "sigma.npy"]) { arrays[$0].npy }
            #expect(
                throws: EvaluationError.foreignReference(
                    file: file.path, reason: "'mu' has shape [1, 1], of 2 dimensions instead of 1")
            ) { try ReferenceStatistics(contentsOf: file) }
        }
    }

    @Test(arguments: ["{]", #"{"imageCount":1}"#, #"{"kind":{"network":"toy","resize":"none","count":2}}"#])
    func aForeignDescriptionIsRefused(text: String) throws {
        try withTemporaryFile { file in
            let one = NumPyArray(type: "<f8", shape: [1], bytes: Data(count: 8))
            let matrix = NumPyArray(type: "<f8", shape: [1, 1], bytes: Data(count: 8))
            let description = NumPyArray(type: "|u1", shape: [text.utf8.count], bytes: Data(text.utf8))
            let arrays = [one, matrix, description]
            try writeZip(to: file, names: ["mu.npy", "sigma.npy", "metadata.npy"]) { arrays[$0].npy }
            #expect(
                throws: EvaluationError.foreignReference(
                    file: file.path, reason: "'metadata' is not a description of these features in JSON")
            ) { try ReferenceStatistics(contentsOf: file) }
        }
    }

    @Test func damagedFilesAreRefused() throws {
        try withTemporaryFile { file in
            let whole = try Data(contentsOf: fixture("references/edm.npz"))
            for count in [0, 10, 200, whole.count - 1] {
                try whole.prefix(count).write(to: file)
                #expect(throws: ArchiveError.self) { try ReferenceStatistics(contentsOf: file) }
            }
        }
    }

    @Test func aMissingFileSaysSo() {
        let error = #expect(throws: EvaluationError.self) {
            try ReferenceStatistics(contentsOf: URL(filePath: "/nowhere/ref.npz"))
        }
        #expect(
            error?.description
                == "There are no reference statistics at /nowhere/ref.npz: check the path, or make them of a set of images."
        )
    }

    @Test func otherFeaturesDoNotCompare() throws {
        let reference = ReferenceStatistics(
            Gaussian(mean: mean, covariance: covariance), kind: Self.kind, imageCount: 10,
            networkHash: "0123456789")
        try reference.requireComparable(with: Self.kind, file: "a.npz")
        try reference.requireComparable(with: Self.kind, networkHash: "0123456789", file: "a.npz")
        let other = FeatureKind(network: "toy", resize: "bilinear-64", count: 3)
        let error = #expect(throws: EvaluationError.self) {
            try reference.requireComparable(with: other, file: "a.npz")
        }
        #expect(
            error?.description
                == "a.npz holds statistics of toy (3 features, resize none), which do not compare with toy (3 features, "
                + "resize bilinear-64): use the same network and resize, or make the reference again.")
        #expect(
            throws: EvaluationError.otherFeatures(
                file: "a.npz", expected: Self.kind, found: "a network with other weights (01234567)")
        ) { try reference.requireComparable(with: Self.kind, networkHash: "987", file: "a.npz") }
        let foreign = ReferenceStatistics(reference.gaussian, kind: nil, imageCount: nil)
        let larger = FeatureKind(network: "toy", resize: "none", count: 4)
        #expect(throws: EvaluationError.otherFeatures(file: "a.npz", expected: larger, found: "3 features")) {
            try foreign.requireComparable(with: larger, file: "a.npz")
        }
    }
}
