// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Foundation
import TestSupport
import Testing
import Torch

@Suite struct ScoreTests {
    // MARK: Kernel distance

    /// Of numbers, with k(x, y) = (x y + 1)^3. First set 0, 1: k = 1. Second set 1, 2: k = 27. Across, of 0 with 1 and 2
    /// and of 1 with 1 and 2: 1, 1, 8, 27.
    @Test func kernelDistanceOfTwoPairs() {
        let (a, b) = (Tensor([0, 1], shape: [2, 1]), Tensor([1, 2], shape: [2, 1]))
        let distance = kernelDistance(a, b, subsetSize: 2, subsets: 3)
        #expect(abs(distance.value - (1 + 27 - 2 * 37 / 4.0)) < 1e-12)
        #expect(distance.spread.map { $0 < 1e-12 } ?? false)
    }

    @Test func kernelDistanceOfOneDistributionIsNearZero() {
        let a = vectors("one", count: 500, size: 8)
        let b = vectors("other", count: 500, size: 8)
        let same = kernelDistance(a, b, subsetSize: 100, subsets: 20)
        let far = kernelDistance(a, b + 0.2, subsetSize: 100, subsets: 20)
        #expect(abs(same.value) < far.value / 10)
        #expect(kernelDistance(a, b, subsetSize: 100, subsets: 20) == same)
        #expect(kernelDistance(a, b, subsetSize: 100, subsets: 20, seed: 1) != same)
    }

    // MARK: Inception score

    @Test func inceptionScoreOfOneAnswerIsOne() {
        let logits = Tensor([Float](repeating: 0.5, count: 40), shape: [20, 2])
        let score = inceptionScore(logits: logits)
        #expect(abs(score.value - 1) < 1e-12 && score.spread.map { $0 < 1e-12 } ?? false)
    }

    /// Each part has every class as often.
    @Test func inceptionScoreOfCertainAnswersIsTheNumberOfClasses() {
        let logits = (Tensor((0..<40).map { $0 % 4 }).oneHot(classCount: 4) * 1000).to(.float32)
        #expect(abs(inceptionScore(logits: logits).value - 4) < 1e-9)
    }

    // MARK: Precision, recall, density, coverage

    /// Numbers 0, 1, 3 with balls to the nearest: radii 1, 1, 2. Of 0.5, 4.5 and 9, whose radii are 4, 4 and 4.5:
    /// the first two are in balls; the real numbers are in balls of 0.5, all of them.
    @Test func ballsOnALine() {
        let real = Manifold(Tensor([0, 1, 3], shape: [3, 1]), neighbours: 1)
        let generated = Tensor([0.5, 4.5, 9], shape: [3, 1])
        let (precision, recall) = precisionAndRecall(
            of: Manifold(generated, neighbours: 1), against: real, neighbours: 1)
        #expect(precision.value == 2 / 3.0 && recall.value == 1)
        #expect(abs((precision.spread ?? 0) - (2 / 9.0 / 2).squareRoot()) < 1e-12)
        // 0.5 is in the balls of 0 and 1, 4.5 in that of 3.
        let (density, coverage) = densityAndCoverage(of: generated, against: real, neighbours: 1)
        #expect(density.value == 1 && coverage.value == 1)
    }

    @Test func edgesBelongToBallsForPrecisionAlone() {
        let real = Manifold(Tensor([0, 2], shape: [2, 1]), neighbours: 1)
        let edge = Tensor([4.0, 100, 200], shape: [3, 1])
        #expect(
            precisionAndRecall(of: Manifold(edge, neighbours: 1), against: real, neighbours: 1).precision
                .value
                == 1 / 3.0)
        #expect(densityAndCoverage(of: edge, against: real, neighbours: 1).coverage.value == 0)
    }

    /// More vectors than a block of distances has rows. Coordinates are whole numbers, whose squares float32 holds exactly,
    /// so that every distance can be compared exactly, ties included.
    @Test func blocksDoNotMatter() {
        let (real, generated) = (lattice("real", 4500), lattice("generated", 600))
        func squared(_ a: [Int], _ b: [Int]) -> Int {
            zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
        func radii(_ set: [[Int]], _ k: Int) -> [Int] {
            set.map { x in
                var nearest = [Int](repeating: .max, count: k + 1)
                for y in set {
                    let distance = squared(x, y)
                    if distance < nearest[k] {
                        nearest[k] = distance
                        nearest.sort()
                    }
                }
                return nearest[k]
            }
        }
        let (realRadii, generatedRadii) = (radii(real, 3), radii(generated, 3))
        var (precise, recalled) = (Set<Int>(), Set<Int>())
        var (inside, covered) = (0, Set<Int>())
        for (i, x) in generated.enumerated() {
            for (j, y) in real.enumerated() {
                let distance = squared(x, y)
                if distance <= realRadii[j] { precise.insert(i) }
                if distance <= generatedRadii[i] { recalled.insert(j) }
                if distance < realRadii[j] {
                    inside += 1
                    covered.insert(j)
                }
            }
        }
        let manifold = Manifold(tensor(real), neighbours: 5)
        let (precision, recall) = precisionAndRecall(of: Manifold(tensor(generated)), against: manifold)
        #expect(precision.value == Double(precise.count) / 600)
        #expect(recall.value == Double(recalled.count) / 4500)
        let (density, coverage) = densityAndCoverage(of: tensor(generated), against: manifold, neighbours: 3)
        #expect(abs(density.value - Double(inside) / (3 * 600)) < 1e-12)
        #expect(coverage.value == Double(covered.count) / 4500)
    }

    private func lattice(_ name: String, _ count: Int) -> [[Int]] {
        let values = uniform(name, count * 3).map { Int(($0 * 12).rounded()) }
        return (0..<count).map { Array(values[$0 * 3..<$0 * 3 + 3]) }
    }

    private func tensor(_ points: [[Int]]) -> Tensor {
        Tensor(points.flatMap { $0.map(Float.init) }, shape: [points.count, 3])
    }

    // MARK: Diversity

    @Test func diversityIsTheMeanDistanceOfPairsOfAClass() {
        var compared: [[Int]] = []
        let diversity = intraClassDiversity(
            classes: [[0, 1, 2, 3], [10, 20]], pairs: 4, batch: 3,
            images: { Tensor($0.map(Float.init), shape: [$0.count, 1, 1, 1]) },
            distance: { a, b in
                compared.append(a.array(as: Int.self) + b.array(as: Int.self))
                return (a - b).abs().reshaped([-1])
            })
        // Four pairs of the first class: all images in two, all in two more.
        #expect(compared.map(\.count) == [6, 2, 6, 2])
        let firstClass = [compared[0][0], compared[0][3], compared[0][1], compared[0][4]]
        #expect(Set(firstClass) == [0, 1, 2, 3])
        #expect(diversity.classes[1] == Score(10, spread: 0))
        #expect(diversity.overall.value == (diversity.classes[0].value + 10) / 2)
        #expect(diversity.overall.spread == diversity.classes[0].spread.map { $0 / 2 })
    }

    @Test func oneImageAgainAndAgainHasNoDiversity() throws {
        let lpips = try LPIPS(weights: weights)
        let image = waves(size: 16).to(.float32)
        func diversity(shift: Int) -> Double {
            intraClassDiversity(
                classes: [Array(0..<6)], pairs: 3,
                images: {
                    .concatenated($0.map { shift == 0 ? image : waves(size: 16, shift: $0).to(.float32) })
                },
                distance: { lpips($0, $1) }
            ).overall.value
        }
        #expect(diversity(shift: 0) == 0)
        #expect(diversity(shift: 1) > 0.01)
    }

    // MARK: Colours

    /// Red, black, white and grey of one half.
    @Test func coloursOfFourPixels() {
        let red: [UInt8] = [255, 0, 255, 51]
        let other: [UInt8] = [0, 0, 255, 51]
        var colours = ColourStatistics()
        colours.add(levels: Tensor(red + other + other, shape: [1, 3, 2, 2]))
        let lumas = [0.2126, 0, 1, 0.2]
        let mean = lumas.reduce(0, +) / 4
        let variance = lumas.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4
        #expect(abs(colours.brightness.value - mean) < 1e-6)
        #expect(abs(colours.contrast.value - variance.squareRoot()) < 1e-6)
        #expect(abs(colours.saturation.value - 0.25) < 1e-6)
        #expect(colours.brightness.spread == nil)
    }

    @Test func coloursAreOverImages() throws {
        var colours = ColourStatistics()
        colours.add(levels: Tensor([0, 0] as [UInt8], shape: [1, 1, 1, 2]))
        colours.add(levels: Tensor([255, 255] as [UInt8], shape: [1, 1, 1, 2]))
        #expect(colours.count == 2 && colours.saturation.value == 0 && colours.contrast.value < 1e-6)
        #expect(abs(colours.brightness.value - 0.5) < 1e-6)
        #expect(abs(try #require(colours.brightness.spread) - 0.5) < 1e-6)
    }
}
