// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import OrderedCollections
public import Torch

/// Moving averages of one network's weights with several half-lives, since none is best for every length of a run.
///
/// The first is the one that a run shows and hands out under its plain name; the names of the others end with their
/// half-life in images, such as `generator-500000`.
public struct Averages {
    /// One average for each half-life, in the order given.
    public let each: [EMA]

    /// Starts all from the present parameters of `module`.
    ///
    /// - Parameters:
    ///   - module: what is averaged.
    ///   - halfLivesImages: at least one, all different and above 0.
    ///   - rampUpRatio: see `EMA`.
    public init(of module: some Module, halfLivesImages: [Double], rampUpRatio: Double?) {
        each = halfLivesImages.map { EMA(of: module, halfLifeImages: $0, rampUpRatio: rampUpRatio) }
    }

    /// What the name of each average ends with, in the order of ``each``: nothing for the first.
    public var suffixes: [String] {
        each.enumerated().map { index, average in
            let images = average.halfLifeImages
            return index == 0 ? "" : "-" + (Int(exactly: images).map(String.init) ?? "\(images)")
        }
    }

    /// Gives up the averages of all parameters but some, which another process keeps.
    func keepOnly(_ paths: Set<String>) { for average in each { average.keepOnly(paths) } }

    /// Moves every average towards the parameters of `module`, see `EMA.update(from:batchSize:imagesBefore:)`.
    public func update(from module: some Module, batchSize: Int, imagesBefore: Int) {
        for average in each {
            average.update(from: module, batchSize: batchSize, imagesBefore: imagesBefore)
        }
    }

    /// The tensors for a checkpoint, by the names of its files, which begin with `name`.
    public func state(as name: String) -> [String: OrderedDictionary<String, Tensor>] {
        Dictionary(uniqueKeysWithValues: zip(suffixes, each).map { (name + $0, $1.state) })
    }
}

extension Recipe {
    /// For ``validate()``: checks the half-lives of ``Averages``.
    ///
    /// - Throws: ``RecipeError/invalid(key:reason:)``.
    public func check(_ key: String, halfLives: [Double]) throws {
        let isValid =
            !halfLives.isEmpty && Set(halfLives).count == halfLives.count
            && halfLives.allSatisfy { $0 > 0 && $0.isFinite }
        try check(key, halfLives, isValid, "one or more different numbers, each above 0 and finite")
    }
}
