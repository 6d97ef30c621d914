// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Images
import Models
import OrderedCollections
public import Torch

/// How images are made of noise.
public struct ImageMaker: Sendable {
    /// `[C, H, W]`.
    public let imageShape: [Int]
    /// The number of classes; image `i` is of class `i % classCount`. 0 without classes.
    public let classCount: Int
    /// Evaluations of the network for an image.
    public let evaluations: Int
    /// The images of some numbers, float32 `[N, C, H, W]`. All noise of image `i` is drawn by its number alone, so that it
    /// is the same in whatever company.
    private let make: @Sendable ([Int]) -> Tensor

    /// A way to make images; see the properties.
    public init(
        imageShape: [Int], classCount: Int, evaluations: Int, make: @escaping @Sendable ([Int]) -> Tensor
    ) {
        (self.imageShape, self.classCount, self.evaluations, self.make) = (
            imageShape, classCount, evaluations, make
        )
    }

    /// The images of the given numbers, float32 `[N, C, H, W]`.
    public func callAsFunction(_ indices: some Collection<Int>) -> Tensor { make(Array(indices)) }

    /// How many images are well made at once.
    var batch: Int { Self.batch(height: imageShape[1], width: imageShape[2]) }

    /// How many images of a size are well made at once.
    static func batch(height: Int, width: Int) -> Int { max(1, min(64, 65_536 / (height * width))) }

    /// The first `count` images as pictures.
    ///
    /// - Parameter progress: hears how many are made; what it throws ends the work.
    func images(
        _ count: Int, batch: Int? = nil, progress: (Int) throws -> Void = { _ in }
    ) throws -> [Image] {
        let batch = batch ?? self.batch
        return try stride(from: 0, to: count, by: batch).flatMap { first in
            let last = min(first + batch, count)
            let images = Image.images(from: self(first..<last))
            try progress(last)
            return images
        }
    }

    /// The sheet that a run shows on its way: eight images a class, or 64; fewer if they are large.
    func sheet() throws -> Image {
        let count = classCount > 0 ? 8 * classCount : batch == 64 ? 64 : max(4, batch)
        return DMDKit.sheet(of: try images(count), classes: classCount)
    }
}

extension ImageMaker {
    /// Images by a network whose samples are images.
    ///
    /// - Parameters:
    ///   - denoiser: the network.
    ///   - steps: 1 makes an image in one evaluation; more are steps of the method.
    ///   - method: that of several steps.
    ///   - seed: the random seed of the noise.
    ///   - label: the class of all images; nil gives image `i` the class `i % classCount`.
    init(
        denoiser: some Denoiser, steps: Int, method: SamplingMethod = .heun, seed: UInt64 = 0,
        label: Int? = nil
    ) {
        let classCount = denoiser.classCount
        self.init(denoiser: denoiser, steps: steps, method: method, noise: ImageNoise(seed: seed)) {
            label ?? $0 % classCount
        }
    }

    /// As the above, of any noise and classes.
    ///
    /// - Parameter label: the class of an image, by its number; not asked of a model without classes.
    init(
        denoiser: some Denoiser, steps: Int, method: SamplingMethod, noise: ImageNoise,
        label: @escaping @Sendable (Int) -> Int
    ) {
        let device = denoiser.parameters.values.first?.device ?? .cpu
        let (shape, classCount) = (denoiser.sampleShape, denoiser.classCount)
        self.init(
            imageShape: shape, classCount: classCount,
            evaluations: method.evaluations(steps: steps)
        ) { indices in
            let numbers = Tensor(indices, device: device)
            let condition =
                classCount == 0
                ? nil
                : Condition.classes(
                    Tensor(indices.map(label), device: device).oneHot(classCount: classCount).to(.float32))
            return withoutGradients {
                inParts(numbers, given: condition) { part, condition in
                    let indices = part.array(as: Int.self)
                    let start = noise.start(indices, shape: shape).to(device)
                    return method.samples(denoiser, start, condition, steps: steps) { step in
                        noise.fresh(indices, shape: shape, step: step).to(device)
                    }
                }
            }
        }
    }

    /// Images by a network of Stable Diffusion's kind.
    ///
    /// - Parameters:
    ///   - denoiser: the network.
    ///   - scheduler: how it is sampled in several steps.
    ///   - autoencoder: makes images of its latents.
    ///   - steps: 1 makes an image in one evaluation; more are steps of the scheduler.
    ///   - seed: the random seed of the noise.
    ///   - condition: the prompts of images of the given numbers.
    init(
        denoiser: Guided<some Denoiser>, scheduler: SchedulerConfiguration,
        autoencoder: any ImageAutoencoder, steps: Int, seed: UInt64,
        condition: @escaping @Sendable ([Int]) -> Condition?
    ) {
        self.init(
            denoiser: denoiser, scheduler: scheduler, autoencoder: autoencoder, steps: steps,
            noise: ImageNoise(seed: seed), condition: condition)
    }

    /// As the above, of any noise.
    init(
        denoiser: Guided<some Denoiser>, scheduler: SchedulerConfiguration,
        autoencoder: any ImageAutoencoder, steps: Int, noise: ImageNoise,
        condition: @escaping @Sendable ([Int]) -> Condition?
    ) {
        let device = denoiser.parameters.values.first?.device ?? .cpu
        self.init(
            imageShape: autoencoder.imageShape(ofLatents: denoiser.sampleShape), classCount: 0,
            evaluations: (steps == 1 ? 1 : scheduler.evaluations(steps: steps))
                * (denoiser.guidance == 1 ? 1 : 2)
        ) { indices in
            let shape = denoiser.sampleShape
            let start = noise.start(indices, shape: shape).to(device)
            return autoencoder.decodeEach(
                scheduler.sample(denoiser, noise: start, given: condition(indices)?.to(device), steps: steps)
                {
                    noise.fresh(indices, shape: shape, step: $0).to(device)
                })
        }
    }
}

/// How a network whose samples are images is sampled in several steps.
enum SamplingMethod: Equatable, Sendable {
    /// A generator's, at levels of these numbers.
    case generator(levels: [Int])
    case heun
    case euler
    case stochastic(Churn)

    /// Evaluations of the network for an image.
    func evaluations(steps: Int) -> Int {
        switch self {
        case .heun, .stochastic: 2 * steps - 1
        case .generator, .euler: steps
        }
    }

    /// - Throws: ``KitError`` if a generator's levels are none of the network's.
    func check(_ denoiser: some Denoiser, of file: URL) throws {
        guard case .generator(let levels) = self, levels[0] >= denoiser.schedule.count else { return }
        throw KitError(
            "\(file.relativePath) says that its levels are \(levels), and its network has those below "
                + "\(denoiser.schedule.count): take the file that dmd distill wrote.")
    }

    /// Samples of noise, in one evaluation or in several steps.
    ///
    /// - Parameter fresh: the fresh noise of a step, where the method adds any.
    func samples(
        _ denoiser: some Denoiser, _ z: Tensor, _ condition: Condition?, steps: Int,
        fresh: (_ step: Int) -> Tensor = noFreshNoise
    ) -> Tensor {
        switch self {
        case .generator(let levels):
            Generator(denoiser, levels: levels)(z, given: condition, fresh: fresh)
        case _ where steps == 1: Generator(denoiser)(z, given: condition)
        case .heun: Diffusion.heun(denoiser, noise: z, given: condition, steps: steps)
        case .euler: Diffusion.euler(denoiser, noise: z, given: condition, steps: steps)
        case .stochastic(let churn):
            stochasticHeun(denoiser, noise: z, given: condition, steps: steps, churn: churn, fresh: fresh)
        }
    }
}

/// Images side by side; with classes, one column a class.
func sheet(of images: [Image], classes: Int) -> Image {
    let columns = classes > 0 ? classes : Int(Double(images.count).squareRoot().rounded(.up))
    return Grid(columns: columns, scale: enlargement(of: images)).compose(images)
}

/// How much small images are enlarged to be looked at.
func enlargement(of images: [Image]) -> Int { max(1, 56 / (images.first?.width ?? 56)) }
