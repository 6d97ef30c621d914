// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Encoders
import Files
import Foundation
import OrderedCollections
import Torch
import Weights

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

    /// Tells the vectors of these prompts, however often each comes, from all others: by the tokens of the
    /// different ones, and the text encoder's settings and weights.
    public func fingerprint(of prompts: [String]) throws -> String {
        var numbers = Data()
        for token in tokens(of: Array(OrderedSet(prompts))).lazy.flatMap(\.tokens) {
            withUnsafeBytes(of: UInt32(token).littleEndian) { numbers.append(contentsOf: $0) }
        }
        let settings = sha256(try JSONEncoder.file.encode(network.configuration))
        return sha256(Data("\(sha256(numbers)) \(settings) \(Weights.fingerprint(of: network.state))".utf8))
    }

    /// The tokens of prompts, as many of each as the text encoder takes.
    public func tokens(of prompts: [String]) -> [TokenizedPrompt] {
        prompts.map { tokenizer.prompt($0, length: network.configuration.positions) }
    }
}
