// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Images
import Models
import OrderedCollections
import Torch

/// How images are made of noise.
struct Generation {
    /// `[C, H, W]`.
    let imageShape: [Int]
    /// The number of classes; image `i` is of class `i % classCount`. 0 without classes.
    let classCount: Int
    /// Evaluations of the network for an image.
    let evaluations: Int
    /// The images of some numbers, float32 `[N, C, H, W]`. All noise of image `i` is drawn by its number alone, so that it
    /// is the same in whatever company.
    let make: ([Int]) -> Tensor

    /// The images of the given numbers, float32 `[N, C, H, W]`.
    func callAsFunction(_ indices: some Collection<Int>) -> Tensor { make(Array(indices)) }

    /// How many images are well made at once.
    var batch: Int { max(1, min(64, 65_536 / (imageShape[1] * imageShape[2]))) }

    /// The first `count` images as pictures.
    func images(_ count: Int, batch: Int? = nil) -> [Image] {
        let batch = batch ?? self.batch
        return stride(from: 0, to: count, by: batch).flatMap { first in
            Image.images(from: self(first..<min(first + batch, count)))
        }
    }

    /// The sheet that a run shows on its way: eight images a class, or 64; fewer if they are large.
    func sheet() -> Image {
        let count = classCount > 0 ? 8 * classCount : batch == 64 ? 64 : max(4, batch)
        return dmd.sheet(of: images(count), classes: classCount)
    }
}

extension Generation {
    /// Images by a network of EDM's kind.
    ///
    /// - Parameters:
    ///   - denoiser: the network.
    ///   - steps: 1 makes an image in one evaluation; more are steps of the method.
    ///   - method: that of several steps.
    ///   - seed: names the noise.
    ///   - label: the class of all images; nil gives image `i` the class `i % classCount`.
    init(
        denoiser: EDMDenoiser, steps: Int, method: SamplingMethod = .heun, seed: UInt64 = 0, label: Int? = nil
    ) {
        let device = denoiser.parameters.values.first?.device ?? .cpu
        let shape = denoiser.sampleShape
        func noise(_ indices: [Int]) -> Tensor {
            sampleNoise(indices, seed: seed, shape: shape).to(device)
        }
        self.init(
            imageShape: shape, classCount: denoiser.classCount,
            evaluations: method == .euler ? steps : 2 * steps - 1
        ) { indices in
            let condition =
                denoiser.classCount == 0
                ? nil
                : Tensor(indices.map { label ?? $0 % denoiser.classCount }, device: device)
                    .oneHot(classCount: denoiser.classCount).to(.float32)
            guard case .stochastic(let churn) = method, steps > 1 else {
                return denoiser.makeImages(
                    from: noise(indices), condition: condition, steps: steps, method: method)
            }
            return inParts(Tensor(indices).to(device), condition) { part, condition in
                let indices = part.array(as: Int.self)
                return stochasticHeun(
                    denoiser, noise: noise(indices), condition: condition, steps: steps, churn: churn,
                    fresh: { step in
                        RandomStream.normals(
                            at: indices, seed: seed, purpose: "sample.fresh.\(step)", shape: shape
                        ).to(device)
                    })
            }
        }
    }
}

/// How a teacher is sampled in several steps.
enum SamplingMethod: Equatable {
    case heun
    case euler
    case stochastic(Churn)
}

extension EDMDenoiser {
    /// Images of noise, without gradient and without further noise, in one evaluation or in several steps.
    func makeImages(
        from z: Tensor, condition: Tensor?, steps: Int, method: SamplingMethod = .heun
    ) -> Tensor {
        withoutGradients {
            inParts(z, condition) { z, condition in
                if steps == 1 { return generate(from: z, condition: condition) }
                return method == .euler
                    ? euler(self, noise: z, condition: condition, steps: steps)
                    : heun(self, noise: z, condition: condition, steps: steps)
            }
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
