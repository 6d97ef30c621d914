// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Encoders
import Foundation
import TestSupport
import Testing
import Torch

@Suite("CLIP's text encoder")
struct CLIPTextModelTests {
    private func network(endToken: Int) -> CLIPTextModel {
        var configuration = CLIPTextConfiguration()
        configuration.vocabularySize = 12
        configuration.hiddenSize = 8
        configuration.intermediateSize = 8
        configuration.layers = 1
        configuration.heads = 2
        configuration.positions = 5
        configuration.endToken = endToken
        var stream = RandomStream(seed: 3, purpose: "test")
        return CLIPTextModel(configuration, from: &stream)
    }

    /// The second prompt has a token above the end, and the first fills up with the end.
    private let prompts = Tensor([9, 4, 10, 10, 10, 9, 11, 3, 10, 2], shape: [2, 5])

    @Test("a prompt's vector is that at its first end", arguments: [(10, [2, 3]), (2, [2, 1])])
    func pooled(endToken: Int, places: [Int]) {
        let network = network(endToken: endToken)
        let all = network(prompts)
        let expected = places.enumerated().map { prompt, place in
            all.selected(dim: 0, index: prompt).selected(dim: 0, index: place)
        }
        #expect(relativeDifference(network.pooled(prompts), .stacked(expected)) == 0)
    }

    @Test("the end is read from the settings, and is else that of the published vocabulary")
    func settings() throws {
        func endToken(_ json: String) throws -> Int {
            try JSONDecoder().decode(CLIPTextConfiguration.self, from: Data(json.utf8)).endToken
        }
        #expect(try endToken(#"{"eos_token_id": 2}"#) == 2)
        #expect(try endToken("{}") == 49_407)
        #expect(try endToken(#"{"eos_token_id": null}"#) == 49_407)
    }
}
