// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
public import Torch
import Weights

/// CLIP: an encoder of texts and one of images whose vectors point the same way where the text tells what is in the image.
///
/// Source: Radford et al. 2021, figure 3 (arXiv 2103.00020). The paths of its tensors are those of `CLIPModel` in
/// transformers, the form in which OpenAI's networks and OpenCLIP's are published.
public final class CLIPModel: Module {
    /// The sizes that make up the network.
    public let configuration: CLIPConfiguration

    private let text: CLIPTextModel
    private let vision: CLIPVisionModel
    private let textProjection: Linear
    private let visionProjection: Linear
    /// The logarithm of what training multiplied cosines by; no score needs it.
    private let logitScale: Tensor

    /// A network with new weights, float32 on the CPU.
    ///
    /// - Parameters:
    ///   - configuration: valid sizes.
    ///   - initialisation: how the weights are drawn.
    ///   - stream: what they are drawn from.
    public init(
        _ configuration: CLIPConfiguration, initialisation: Initialisation = .fanInUniform,
        from stream: inout RandomStream
    ) {
        self.configuration = configuration
        text = CLIPTextModel(configuration.text, initialisation: initialisation, from: &stream)
        vision = CLIPVisionModel(configuration.vision, initialisation: initialisation, from: &stream)
        textProjection = Linear(
            configuration.text.hiddenSize, configuration.projectionSize, bias: false,
            initialisation: initialisation, from: &stream)
        visionProjection = Linear(
            configuration.vision.hiddenSize, configuration.projectionSize, bias: false,
            initialisation: initialisation, from: &stream)
        logitScale = Tensor(0)
    }

    /// Loads a folder in the layout of transformers: `config.json`, and `model.safetensors` whole or in parts.
    ///
    /// - Throws: `ModelFolderError`, `SafetensorsError`.
    public convenience init(folder: URL, device: Device = .cpu) throws {
        let files = ModelFolder(folder, weightsName: "model")
        var stream = RandomStream(seed: 0, purpose: "network.weights")
        self.init(try files.configuration(), initialisation: .none, from: &stream)
        // Older files hold the numbers of positions too.
        try files.load(into: self) { $0.hasSuffix("embeddings.position_ids") ? nil : $0 }
        move(to: device)
    }

    /// The parts under their published names.
    public var children: [Child] {
        [
            .parameter("logit_scale", logitScale), .module("text_model", text),
            .module("vision_model", vision), .module("visual_projection", visionProjection),
            .module("text_projection", textProjection),
        ]
    }

    /// The vectors of prompts `[N, projectionSize]`, of any length.
    ///
    /// - Parameter prompts: int64 `[N, m]`, each with an end; see ``CLIPTextModel/pooled(_:)``.
    public func textFeatures(_ prompts: Tensor) -> Tensor { textProjection(text.pooled(prompts)) }

    /// The vectors of images `[N, projectionSize]`, of any length.
    ///
    /// - Parameter images: `[N, 3, imageSize, imageSize]`, as a `CLIPPreprocessing` makes them. Gradient flows.
    public func imageFeatures(_ images: Tensor) -> Tensor { visionProjection(vision(images)) }
}
