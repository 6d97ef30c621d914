// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Files
public import Foundation
import OrderedCollections
import Torch
import Weights

/// Mean and covariance of the features of a set of images, as saved beside published distances.
///
/// A file is an `.npz` archive with `mu` `[D]` and `sigma` `[D, D]`, the unbiased covariance: the form of EDM's
/// `fid-refs`, of pytorch-fid and of guided-diffusion. Files written here hold an array `metadata` too, a JSON text in
/// UTF-8 as `uint8`, which tells the features, the number of images and where they came from; others leave that unknown.
public struct ReferenceStatistics {
    /// The distribution of the features.
    public let gaussian: Gaussian
    /// What the features are; nil if the file does not tell.
    public let kind: FeatureKind?
    /// The number of images; nil if the file does not tell.
    public let imageCount: Int?
    /// The SHA-256 sum of the feature network's weights; nil if the file does not tell.
    public let networkHash: String?
    /// Where the images came from, for people; nil if the file does not tell.
    public let source: String?

    /// - Parameters:
    ///   - gaussian: the distribution of the features.
    ///   - kind: what the features are.
    ///   - imageCount: the number of images.
    ///   - networkHash: the SHA-256 sum of the feature network's weights.
    ///   - source: where the images came from, for people.
    public init(
        _ gaussian: Gaussian, kind: FeatureKind?, imageCount: Int?, networkHash: String? = nil,
        source: String? = nil
    ) {
        self.gaussian = gaussian
        self.kind = kind
        self.imageCount = imageCount
        self.networkHash = networkHash
        self.source = source
    }

    /// Whether there are too few images for the covariance to have full rank, see
    /// ``GaussianStatistics/isRankDeficient``; nil if their number is not known.
    public var isRankDeficient: Bool? { imageCount.map { $0 <= gaussian.dimension } }

    /// Checks that the features compare with those of a network, as far as is known.
    ///
    /// - Parameters:
    ///   - kind: what the other features are.
    ///   - networkHash: the SHA-256 sum of the other network's weights, if known.
    ///   - file: what errors call these statistics.
    /// - Throws: ``EvaluationError/otherFeatures(file:expected:found:)``.
    public func requireComparable(
        with kind: FeatureKind, networkHash: String? = nil, file: String
    ) throws(EvaluationError) {
        if let own = self.kind, own != kind {
            throw .otherFeatures(file: file, expected: kind, found: own.description)
        }
        guard gaussian.dimension == kind.count else {
            throw .otherFeatures(file: file, expected: kind, found: "\(gaussian.dimension) features")
        }
        if let own = self.networkHash, let networkHash, own != networkHash {
            throw .otherFeatures(
                file: file, expected: kind, found: "a network with other weights (\(own.prefix(8)))")
        }
    }
}

extension ReferenceStatistics {
    private struct Metadata: Codable {
        var kind: FeatureKind?
        var imageCount: Int?
        var networkHash: String?
        var source: String?
    }

    private static let (mean, covariance, metadata) = ("mu", "sigma", "metadata")

    /// Covariances of other programs are symmetric but for rounding, relative to the largest entry.
    private static let asymmetry = 1e-6

    /// Whether a file is an archive with a mean.
    package static func canOpen(_ url: URL) -> Bool {
        (try? ZipArchive(at: url))?.member(named: "\(mean).npy") != nil
    }

    /// Reads an `.npz` file, of which members other than those above are not looked at, or a pickle or file of `torch.save`
    /// with the same two arrays in a dictionary, such as torch-fidelity's and EDM2's: of several distributions in one, that
    /// under `fid` is taken.
    ///
    /// - Throws: `ArchiveError` or `ConversionError` if the archive or an array is damaged; ``EvaluationError`` if the file is
    ///   missing, or holds something else.
    public init(contentsOf url: URL) throws {
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw EvaluationError.missingReference(file: url.path)
        }
        if ["pkl", "pt", "pth"].contains(url.pathExtension.lowercased()) {
            let several = try? readForeignWeights(at: url, key: "fid")
            let found = try several ?? readForeignWeights(at: url)
            self.init(try Self.gaussian(file: url.path) { found.tensors[$0] }, kind: nil, imageCount: nil)
            return
        }
        let archive = try ZipArchive(at: url)
        func array(_ name: String) throws -> NumPyArray? {
            guard let member = archive.member(named: "\(name).npy") else { return nil }
            return try NumPyArray(npy: archive.contents(of: member), named: archive.title(of: member))
        }
        func foreign(_ reason: String) -> EvaluationError {
            .foreignReference(file: url.path, reason: reason)
        }
        let gaussian = try Self.gaussian(file: url.path) { name in
            try array(name).map { array in
                guard let tensor = Tensor(array) else {
                    throw foreign("'\(name)' is of type \(array.type) instead of float64 or float32")
                }
                return tensor
            }
        }
        var known = Metadata()
        if let array = try array(Self.metadata), array.type == "|u1" {
            guard let metadata = try? JSONDecoder().decode(Metadata.self, from: array.bytes),
                metadata.kind.map({ $0.count == gaussian.dimension }) ?? true,
                metadata.imageCount.map({ $0 >= 2 }) ?? true
            else {
                throw foreign("'\(Self.metadata)' is not a description of these features in JSON")
            }
            known = metadata
        }
        self.init(
            gaussian, kind: known.kind, imageCount: known.imageCount, networkHash: known.networkHash,
            source: known.source)
    }

    /// The distribution of a file's two arrays.
    ///
    /// - Parameter array: the array of a name, if there is one.
    private static func gaussian(file: String, _ array: (String) throws -> Tensor?) throws -> Gaussian {
        func foreign(_ reason: String) -> EvaluationError { .foreignReference(file: file, reason: reason) }
        func numbers(_ name: String, rank: Int) throws -> Tensor {
            guard let tensor = try array(name) else { throw foreign("it has no array '\(name)'") }
            guard tensor.rank == rank, tensor.count > 0 else {
                throw foreign(
                    "'\(name)' has shape \(tensor.shape), of \(tensor.rank) dimensions instead of \(rank)")
            }
            guard tensor.sum().item().isFinite else {
                throw foreign("'\(name)' has entries that are not finite")
            }
            return tensor.to(.float64)
        }
        let mean = try numbers(Self.mean, rank: 1)
        let covariance = try numbers(Self.covariance, rank: 2)
        guard covariance.shape == [mean.count, mean.count] else {
            throw foreign(
                "'\(Self.covariance)' has shape \(covariance.shape) and '\(Self.mean)' \(mean.shape)")
        }
        let difference = (covariance - covariance.transposed(0, 1)).abs().max().item()
        guard difference <= Self.asymmetry * covariance.abs().max().item() else {
            throw foreign("'\(Self.covariance)' is not symmetric")
        }
        return Gaussian(mean: mean, covariance: covariance)
    }

    /// Writes a file, whole or not at all, which other programs read as one of theirs.
    ///
    /// - Parameter url: the file, which is replaced if it exists; its folder must exist.
    /// - Throws: `ArchiveError` if it cannot be written.
    public func write(to url: URL) throws {
        let known = Metadata(kind: kind, imageCount: imageCount, networkHash: networkHash, source: source)
        let text = try JSONEncoder.line.encode(known)
        let members: [(name: String, array: () -> NumPyArray)] = [
            (Self.mean, { NumPyArray(gaussian.mean) }),
            (Self.covariance, { NumPyArray(gaussian.covariance) }),
            (Self.metadata, { NumPyArray(type: "|u1", shape: [text.count], bytes: text) }),
        ]
        try writeZip(to: url, names: members.map { "\($0.name).npy" }) { members[$0].array().npy }
    }
}

extension NumPyArray {
    /// A float64 tensor's elements.
    fileprivate init(_ tensor: Tensor) {
        let bytes = tensor.to(.float64).withUnsafeBytes { Data($0) }
        self.init(type: "<f8", shape: tensor.shape, bytes: bytes)
    }
}

extension Tensor {
    /// Float64, of an array of float64 or float32 in little-endian order; nil of others.
    fileprivate init?(_ array: NumPyArray) {
        let types: [String: DType] = ["<f8": .float64, "<f4": .float32]
        guard let dtype = types[array.type], array.shape.count <= 2 else { return nil }
        let shape = array.isColumnMajor ? array.shape.reversed() : array.shape
        let tensor = array.bytes.withUnsafeBytes {
            Tensor(bytes: $0, shape: shape, dtype: dtype).to(.float64)
        }
        self = array.isColumnMajor && shape.count == 2 ? tensor.transposed(0, 1).contiguous() : tensor
    }
}
