// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
import Files
import Foundation
public import Torch

extension ONNXModel {
    /// A generator of images as a model from noise to images, with its noise levels inside.
    ///
    /// Its inputs are `z`, unit normal noise `[batch, C, H, W]`; `class_labels`, int64 `[batch]`, if there are classes; and for each
    /// further step the fresh noise `noise_1`, ... as `z`. Its output is `image`, as `z`, from -1 to 1; values beyond are to be
    /// clamped. The metadata `contract.json` says the same, see ``ONNXContract``.
    ///
    /// - Parameters:
    ///   - generator: of a network that is conditioned on nothing but classes.
    ///   - weightType: what weights are stored as, float32 or float16; it computes in float32.
    /// - Throws: ``ONNXError`` for a network that does what has no counterpart in ONNX.
    public init(_ generator: Generator<some Denoiser>, weightType: DType = .float32) throws {
        let contract = ONNXContract(generator)
        let samples = [.free("batch")] + contract.imageShape.map(ONNXInput.Size.fixed)
        let labels =
            contract.classCount > 0
            ? [ONNXInput.numbers("class_labels", below: contract.classCount, [.free("batch")])] : []
        let fresh = contract.freshNoise.map { ONNXInput.reals($0, samples) }
        try self.init(
            name: "generator", inputs: [.reals("z", samples)] + labels + fresh, outputs: ["image"],
            weights: generator.network.state, weightType: weightType,
            metadata: ["contract.json": try contract.json()]
        ) { inputs in
            let condition =
                labels.isEmpty
                ? nil
                : Condition.classes(inputs[1].oneHot(classCount: contract.classCount).to(.float32))
            return [
                generator(inputs[0], given: condition) { step in inputs[labels.count + step] }
            ]
        }
    }
}

/// What a program must know to make images with a generator in ONNX's format: `contract.json` in the model's metadata.
public struct ONNXContract: Codable, Equatable, Sendable {
    /// `[C, H, W]` of an image, and of the noise.
    public var imageShape: [Int]
    /// The number of classes, of which `class_labels` names one for each image; 0 without classes.
    public var classCount: Int
    /// The numbers of the noise levels at which the network is evaluated, falling.
    public var levels: [Int]
    /// The inputs that take fresh noise, one for each step after the first.
    public var freshNoise: [String]
    /// The darkest and the brightest value of an image; values beyond are to be clamped.
    public var outputRange: [Double]

    /// That of a generator.
    init(_ generator: Generator<some Denoiser>) {
        imageShape = generator.network.sampleShape
        classCount = generator.network.classCount
        levels = generator.levels
        freshNoise = levels.indices.dropFirst().map { "noise_\($0)" }
        outputRange = [-1, 1]
    }

    func json() throws -> String {
        String(decoding: try JSONEncoder.line.encode(self), as: UTF8.self)
    }
}
