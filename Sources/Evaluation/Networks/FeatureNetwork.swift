// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
public import Torch

/// A network that turns images into vectors, on which sets of images are compared.
///
/// Images come as levels, as a picture's file holds them: published figures are of pictures, and what a network expects
/// (a size, a range) is part of the network.
public protocol FeatureNetwork: Sendable {
    /// What the features are; scores compare only between equal kinds.
    var kind: FeatureKind { get }

    /// The file that the weights came from.
    var weights: URL { get }

    /// The number of classes that the network tells apart; nil if it does not.
    var classCount: Int? { get }

    /// The least height and width of an image.
    var smallestSide: Int { get }

    /// The features of each image, without gradient, computed in parts side by side on the CPU.
    ///
    /// - Parameter images: `[N, C, H, W]`, N at least 1, with 1 channel, taken as grey, or 3, from 0 for black to 255;
    ///   `uint8`, or a floating-point type whose values are used as they are.
    /// - Throws: an error if the network is a foreign program that fails.
    func features(ofLevels images: Tensor) throws -> ImageFeatures
}

extension FeatureNetwork {
    /// Any: most networks bring images to a size of their own.
    public var smallestSide: Int { 1 }
}

/// What a ``FeatureNetwork`` makes of some images.
public struct ImageFeatures {
    /// `[N, D]`, float32, on the network's device.
    public let features: Tensor
    /// The logarithms, up to one constant an image, of the probabilities of the classes, `[N, C]`, float32; nil if the
    /// network tells no classes apart.
    public let logits: Tensor?

    /// - Parameters:
    ///   - features: `[N, D]`.
    ///   - logits: `[N, C]` or nil.
    public init(features: Tensor, logits: Tensor? = nil) {
        self.features = features
        self.logits = logits
    }
}

/// Which features of which network, after which preparation of the images.
///
/// Distances between features of different kinds mean nothing, so saved references carry their kind.
public struct FeatureKind: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The network and the layer, such as `inception-v3-2015-12-05/pool3`.
    public let network: String
    /// How images are brought to the network's size, such as `tensorflow-299`.
    public let resize: String
    /// The number of features of an image.
    public let count: Int

    /// - Parameters:
    ///   - network: the network and the layer.
    ///   - resize: how images are brought to the network's size.
    ///   - count: the number of features of an image.
    public init(network: String, resize: String, count: Int) {
        self.network = network
        self.resize = resize
        self.count = count
    }

    /// Such as `inception-v3-2015-12-05/pool3 (2048 features, resize tensorflow-299)`.
    public var description: String { "\(network) (\(count) features, resize \(resize))" }
}

/// What a network makes of levels `[N, ...]`, computed side by side on the CPU, of few images at once: a layer's results then
/// stay near the processor.
func inSmallParts(
    _ levels: Tensor, on device: Device, _ body: @Sendable (Tensor) -> Tensor
) -> Tensor {
    let count = levels.shape[0]
    let most = device == .cpu ? 8 : count
    let parts = levels.chunked(max(min(count, device.threads), (count + most - 1) / most))
    return .concatenated(concurrently(parts.count, threads: device.threads) { body(parts[$0]) })
}

/// Levels `[N, 3, H, W]` of images `[N, 1 or 3, H, W]`.
func rgb(_ images: Tensor) -> Tensor {
    let shape = images.shape
    precondition(
        shape.count == 4 && shape[0] > 0 && [1, 3].contains(shape[1]),
        "images are [N, 1 or 3, H, W], not \(shape)")
    return shape[1] == 3 ? images : images.expanded(to: [shape[0], 3, shape[2], shape[3]])
}
