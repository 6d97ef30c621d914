// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
public import OrderedCollections

extension UNetConfiguration {
    /// The architecture and sizes of a network that has tensors of these names and shapes: every size shows in some shape.
    ///
    /// Only `channelsPerHead` shows in none; it is taken to be 64, as in the published networks.
    ///
    /// - Parameter shapes: by the names of a published checkpoint, `model.enc.32x32_conv.weight` and so on.
    /// - Throws: ``UnknownNetwork`` if they are not those of such a network.
    public init(inferredFrom shapes: OrderedDictionary<String, [Int]>) throws(UnknownNetwork) {
        self.init()
        let tensors = NamedShapes(shapes)
        arch =
            tensors.contains("out_conv.weight")
            ? .adm : tensors.contains("map_noise.freqs") ? .ncsnpp : .ddpmpp

        let resolutions = tensors.resolutions
        guard let full = resolutions.first else {
            throw UnknownNetwork(reason: "it has no tensor like 'model.enc.32x32_conv.weight'")
        }
        imgResolution = full
        let input = try tensors.shape("enc.\(full)x\(full)_conv.weight", rank: 4)
        imgChannels = input[1]
        let output = try tensors.shape(
            arch == .adm ? "out_conv.weight" : "dec.\(full)x\(full)_aux_conv.weight", rank: 4)
        predictsVariance = output[0] == 2 * imgChannels

        let mapping = try tensors.shape("map_layer0.weight", rank: 2)
        modelChannels = arch == .ncsnpp ? mapping[1] / 2 : mapping[1]
        guard modelChannels > 0 else { throw UnknownNetwork(reason: "its embedding has no channels") }
        channelMultEmb = mapping[0] / modelChannels
        let labelled = arch == .adm ? embeddingChannels : noiseChannels
        labelDim = try tensors.optionalShape("map_label.weight", is: [labelled, nil])?[1] ?? 0
        augmentDim = try tensors.optionalShape("map_augment.weight", is: [noiseChannels, nil])?[1] ?? 0

        // A layer that is as large as the network is wide, at every resolution and of every block: what is made of these
        // sizes is then not much larger than what they were taken from.
        func last(_ resolution: Int, _ block: Int) -> String {
            "enc.\(resolution)x\(resolution)_block\(block).conv1.weight"
        }
        var multiples: [Int] = []
        for resolution in resolutions {
            let channels = try tensors.shape(last(resolution, 0), rank: 4)[0]
            _ = try tensors.optionalShape(last(resolution, 0), is: [channels, channels, 3, 3])
            multiples.append(channels / modelChannels)
        }
        channelMult = multiples
        attnResolutions = resolutions.filter {
            tensors.contains("enc.\($0)x\($0)_block0.qkv.weight")
        }
        numBlocks = 0
        while try tensors.optionalShape(
            last(full, numBlocks), is: [multiples[0] * modelChannels, multiples[0] * modelChannels, 3, 3])
            != nil
        {
            numBlocks += 1
        }
    }
}

/// Why tensors are not those of a network of this package.
public struct UnknownNetwork: LocalizedError, Equatable, CustomStringConvertible {
    /// What they lack, in a clause.
    public let reason: String

    /// One sentence.
    public var description: String { "These are not the weights of a U-Net of EDM: \(reason)." }

    /// The ``description``.
    public var errorDescription: String? { description }
}

/// Shapes by their names in the raw network.
private struct NamedShapes {
    private let shapes: [String: [Int]]

    init(_ shapes: OrderedDictionary<String, [Int]>) {
        let prefix = "model."
        self.shapes = Dictionary(
            shapes.map {
                ($0.key.hasPrefix(prefix) ? String($0.key.dropFirst(prefix.count)) : $0.key, $0.value)
            }
        ) { first, _ in first }
    }

    func contains(_ name: String) -> Bool { shapes[name] != nil }

    func optionalShape(_ name: String, rank: Int) throws(UnknownNetwork) -> [Int]? {
        guard let shape = shapes[name] else { return nil }
        guard shape.count == rank else {
            throw UnknownNetwork(reason: "'\(name)' has the shape \(shape), not \(rank) dimensions")
        }
        return shape
    }

    /// A shape of which some sizes are known.
    func optionalShape(_ name: String, is expected: [Int?]) throws(UnknownNetwork) -> [Int]? {
        guard let shape = try optionalShape(name, rank: expected.count) else { return nil }
        guard zip(shape, expected).allSatisfy({ $1 == nil || $0 == $1 }) else {
            let sizes = expected.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
            throw UnknownNetwork(reason: "'\(name)' has the shape \(shape) instead of [\(sizes)]")
        }
        return shape
    }

    func shape(_ name: String, rank: Int) throws(UnknownNetwork) -> [Int] {
        guard let shape = try optionalShape(name, rank: rank) else {
            throw UnknownNetwork(reason: "it lacks '\(name)'")
        }
        return shape
    }

    /// The `R` of all tensors named `enc.RxR_...`, from the largest down.
    var resolutions: [Int] {
        let found = shapes.keys.compactMap { name -> Int? in
            guard name.hasPrefix("enc.") else { return nil }
            return Int(name.dropFirst(4).prefix { $0 != "x" })
        }
        return Set(found).sorted(by: >)
    }
}
