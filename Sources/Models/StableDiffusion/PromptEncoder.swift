// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Encoders
import OrderedCollections
import Torch

/// What makes vectors of prompts: a tokenizer and a text encoder.
public struct PromptEncoder: Sendable {
    /// What makes tokens of prompts.
    public let tokenizer: CLIPTokenizer
    /// What makes vectors of tokens.
    public let network: CLIPTextModel

    /// What a network of Stable Diffusion is given of prompts.
    ///
    /// - Returns: the vectors as `context`, `[N, 77, D]`, and how many tokens of each prompt found no room.
    public func callAsFunction(_ prompts: [String]) -> (condition: Condition, droppedCounts: [Int]) {
        let tokenized = tokens(of: prompts)
        let device = network.parameters.values.first?.device ?? .cpu
        let tokens = Tensor(
            tokenized.flatMap(\.tokens), shape: [prompts.count, network.configuration.positions],
            device: device)
        return (.context(withoutGradients { network(tokens) }), tokenized.map(\.droppedCount))
    }

    /// The tokens of prompts, as many of each as the text encoder takes.
    public func tokens(of prompts: [String]) -> [TokenizedPrompt] {
        prompts.map { tokenizer.prompt($0, length: network.configuration.positions) }
    }
}
