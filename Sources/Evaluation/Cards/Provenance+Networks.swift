// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation

/// The features of an evaluation, with the sum of the weights of their network.
public struct FeatureProvenance: Codable, Equatable, Sendable {
    /// As given.
    public var name: String
    /// The network, its layer and the resize.
    public var kind: FeatureKind
    /// Where the weights were.
    public var path: String
    /// The SHA-256 sum of their file.
    public var sha256: String
    /// Whether distances are FID: the features are those of the published Inception-v3.
    public var isFID: Bool

    /// Those of a network that was loaded.
    ///
    /// - Parameters:
    ///   - name: by which the network was asked for.
    ///   - network: the network.
    /// - Throws: `FileError` if its weights cannot be read again.
    public init(_ name: String, _ network: any FeatureNetwork) throws {
        self.name = name
        kind = network.kind
        path = network.weights.relativePath
        sha256 = try Files.sha256(ofFile: network.weights)
        isFID = (network as? InceptionV3)?.isPublished ?? false
    }
}

/// The weights of ``LPIPS``.
public struct LPIPSProvenance: Codable, Equatable, Sendable {
    /// The file.
    public var path: String
    /// Its SHA-256 sum.
    public var sha256: String

    /// - Throws: `FileError` if the file cannot be read.
    public init(_ file: URL) throws {
        path = file.relativePath
        sha256 = try Files.sha256(ofFile: file)
    }
}

/// The prompts of an evaluation, and what a CLIP score was measured with.
public struct PromptProvenance: Codable, Equatable, Sendable {
    /// The file of prompts.
    public var path: String
    /// Its SHA-256 sum.
    public var sha256: String
    /// The column of the prompts, where one was named.
    public var column: String?
    /// The number of prompts.
    public var count: Int
    /// What stands before each prompt when its fit is measured.
    public private(set) var prefix = CLIPScore.prefix
    /// The side that images are then brought to first.
    public private(set) var size = CLIPScore.protocolSize
    /// Where the fit is measured.
    public var clip: Model?

    /// The folder of a model.
    public struct Model: Codable, Equatable, Sendable {
        /// The folder.
        public var path: String
        /// Of the list of the sums of its files that are read, in the order of their names.
        public var sha256: String

        /// A folder and its sum.
        public init(path: String, sha256: String) { (self.path, self.sha256) = (path, sha256) }
    }

    /// The prompts of a file; see the properties.
    public init(path: String, sha256: String, column: String? = nil, count: Int) {
        (self.path, self.sha256, self.column, self.count) = (path, sha256, column, count)
    }
}
