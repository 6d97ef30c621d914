// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Images
import OrderedCollections
import Torch

/// How images are made of noise: which network, by which method and in how many steps.
struct Generation {
    let denoiser: EDMDenoiser
    /// 1 makes an image in one evaluation; more are steps of the method.
    let steps: Int
    var method = SamplingMethod.heun
    /// Names the noise.
    var seed: UInt64 = 0
    /// The class of all images; nil gives image `i` the class `i % classCount`.
    var label: Int?

    /// Evaluations of the network for an image.
    var evaluations: Int { method == .euler ? steps : 2 * steps - 1 }

    private var device: Device { denoiser.parameters.values.first?.device ?? .cpu }

    /// The images of the given numbers, float32 `[N, C, H, W]`. All noise of image `i` is drawn by its number alone, so
    /// that it is the same in whatever company.
    func callAsFunction(_ indices: some Collection<Int>) -> Tensor {
        let condition =
            denoiser.classCount == 0
            ? nil
            : Tensor(indices.map { label ?? $0 % denoiser.classCount }, device: device)
                .oneHot(classCount: denoiser.classCount).to(.float32)
        guard case .stochastic(let churn) = method, steps > 1 else {
            let z = noise("sample.z", Array(indices))
            return denoiser.makeImages(from: z, condition: condition, steps: steps, method: method)
        }
        return inParts(Tensor(Array(indices)).to(device), condition) { part, condition in
            let indices = part.array(as: Int.self)
            return stochasticHeun(
                denoiser, noise: noise("sample.z", indices), condition: condition, steps: steps, churn: churn,
                fresh: { noise("sample.fresh.\($0)", indices) })
        }
    }

    /// Unit normal noise `[N, C, H, W]`, drawn for each image by itself.
    private func noise(_ purpose: String, _ indices: [Int]) -> Tensor {
        .stacked(
            indices.map { index in
                var stream = RandomStream(seed: seed, purpose: purpose, step: index)
                return stream.normal(denoiser.sampleShape)
            }
        ).to(device)
    }

    /// The first `count` images as pictures.
    func images(_ count: Int, batch: Int = 64) -> [Image] {
        stride(from: 0, to: count, by: batch).flatMap { first in
            Image.images(from: self(first..<min(first + batch, count)))
        }
    }

    /// The sheet that a run shows on its way: eight images a class, or 64.
    func sheet() -> Image {
        let classes = denoiser.classCount
        return dmd.sheet(of: images(classes > 0 ? 8 * classes : 64), classes: classes)
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
