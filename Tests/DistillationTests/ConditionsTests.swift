// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch
import Training
import Weights

@Suite("Conditions")
struct ConditionsTests {
    /// An encoder whose vector of a text is its length in each of six places, and that counts its calls.
    private final class Encoder {
        var texts: [String] = []

        func callAsFunction(_ texts: [String]) -> Tensor {
            self.texts += texts
            return Tensor(texts.flatMap { Array(repeating: Float($0.count), count: 6) }).reshaped([
                texts.count, 2, 3,
            ])
        }
    }

    @Test("vectors of prompts are made once for each text, and kept")
    func kept() throws {
        try withTemporaryFolder { folder in
            let encoder = Encoder()
            let prompts = ["cat", "horse", "cat", "ox", "horse"]
            let first = try PromptVectors(
                in: folder, of: prompts, encoder: "e", encode: encoder.callAsFunction)
            #expect(encoder.texts == ["cat", "horse", "ox"])
            #expect(first.count == 5 && first([4, 0, 3]).context?.shape == [3, 2, 3])
            #expect(
                first([4, 0, 3]).context?.array(as: Int.self)
                    == [5, 3, 2].flatMap {
                        Array(repeating: $0, count: 6)
                    })
            let second = try PromptVectors(
                in: folder, of: prompts, encoder: "e", encode: encoder.callAsFunction)
            #expect(encoder.texts.count == 3 && second.fingerprint == first.fingerprint)
            let order = try PromptVectors(
                in: folder, of: ["cat", "horse", "ox"], encoder: "e", encode: encoder.callAsFunction)
            #expect(encoder.texts.count == 3 && order.fingerprint != first.fingerprint)
        }
    }

    @Test("vectors of more texts than a file holds are made file by file, and go on where they stopped")
    func goesOn() throws {
        try withTemporaryFolder { folder in
            let encoder = Encoder()
            let prompts = (0..<2_100).map { String(repeating: "a", count: 1 + $0) }
            struct Stop: Error {}
            #expect(throws: Stop.self) {
                try PromptVectors(
                    in: folder, of: prompts, encoder: "e", encode: encoder.callAsFunction,
                    progress: { done, total in
                        #expect(total == 2_100)
                        if done >= 1_500 { throw Stop() }
                    })
            }
            #expect(encoder.texts.count >= 1_500 && encoder.texts.count < 2_100)
            encoder.texts = []
            let whole = try PromptVectors(
                in: folder, of: prompts, encoder: "e", encode: encoder.callAsFunction)
            #expect(encoder.texts.count == 1_100)
            #expect(
                whole([2_047, 999, 0]).context?.array(as: Int.self).filter { $0 > 1 }
                    == [2_048, 1_000].flatMap {
                        Array(repeating: $0, count: 6)
                    })
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
                    "prompts-00000.safetensors", "prompts-00001.safetensors", "prompts-00002.safetensors",
                    "prompts.json",
                ])
        }
    }

    @Test("vectors that an earlier version kept without the tokens are made again")
    func renewed() throws {
        try withTemporaryFolder { folder in
            let encoder = Encoder()
            _ = try PromptVectors(
                in: folder, of: ["cat", "ox"], encoder: "e", encode: encoder.callAsFunction)
            let manifest = folder.appending(path: "prompts.json")
            let text = try String(contentsOf: manifest, encoding: .utf8)
            let line = try #require(text.split(separator: "\n").first { $0.contains("encoderVersion") })
            try text.replacing(line + "\n", with: "").write(to: manifest, atomically: true, encoding: .utf8)
            var renewals = 0
            for count in [4, 4] {
                let vectors = try PromptVectors(
                    in: folder, of: ["cat", "ox"], encoder: "f", encode: encoder.callAsFunction,
                    renewed: { renewals += 1 })
                #expect(encoder.texts.count == count && renewals == 1)
                #expect(vectors([1]).context?.array(as: Int.self) == [2, 2, 2, 2, 2, 2])
            }
        }
    }

    @Test("vectors of other prompts, of another encoder and damaged ones are refused")
    func refused() throws {
        try withTemporaryFolder { folder in
            let encoder = Encoder()
            func open(_ prompts: [String], by name: String = "e") throws {
                _ = try PromptVectors(in: folder, of: prompts, encoder: name, encode: encoder.callAsFunction)
            }
            try open(["cat", "ox"])
            let path = folder.relativePath
            #expect(
                #expect(throws: PromptVectorsError.self) { try open(["cat"]) }?.description
                    == "\(path) holds the vectors of another list of prompts: remove it, or name another folder."
            )
            #expect(
                #expect(throws: PromptVectorsError.self) { try open(["cat", "ox"], by: "f") }?.description
                    == "\(path) holds the vectors of another tokenizer or text encoder: remove it, or name another folder."
            )
            let file = folder.appending(path: "prompts-00000.safetensors")
            try Data(contentsOf: file).dropLast().write(to: file)
            #expect(
                #expect(throws: PromptVectorsError.self) { try open(["cat", "ox"]) }?.description
                    == "\(file.relativePath) is damaged: remove it, and it is made again.")
        }
    }

    @Test("a distillation takes classes and the same rows in memory alike")
    func classes() throws {
        let recipe = Toy.recipe { $0.regression.weight = 0 }
        func distilled(_ conditions: (any ConditionSource)?) throws -> [Float] {
            let toy = Toy(.gaussian([0.4, -0.3], width: 0.2), pairs: 4, classCount: 3)
            let distiller = try Distiller(
                recipe, teacher: toy.teacher, conditions: conditions)
            for index in 0..<3 { _ = try distiller.step(index) }
            return distiller.generator.network.state.values.flatMap { $0.array(as: Float.self) }
        }
        let rows = TensorConditions(ClassConditions(count: 3)([0, 1, 2]))
        let (classes, listed) = (try distilled(nil), try distilled(rows))
        #expect(classes == listed)
        let others = TensorConditions(ClassConditions(count: 3)([0, 0, 0]))
        #expect(try classes != distilled(others))
    }

    @Test("pairs of prompts know whose they are")
    func pairsOfPrompts() throws {
        let toy = Toy(.gaussian([0.4, -0.3], width: 0.2))
        let prompts = TensorConditions(.context(.zeros([2, 1])))
        var description = toy.pairs.description
        description.prompts = PairDescription.Prompts(prompts, guidance: 3)
        let pairs = PairSet(
            description, images: .zeros([description.count] + description.sampleShape), conditions: prompts)
        #expect(try pairs.pairs(at: [0, 5]).condition?.context?.shape == [2, 1])
        func make(_ conditions: (any ConditionSource)?) throws {
            _ = try Distiller(
                Toy.recipe(), teacher: toy.teacher, pairs: pairs, distance: { Toy.distance($0, $1) },
                conditions: conditions)
        }
        try make(prompts)
        for other in [nil, TensorConditions(.context(.full([2, 1], value: 1)))] {
            let error = #expect(throws: DistillationError.self) { try make(other) }
            #expect(error?.description.contains("their prompts' fingerprint is") == true)
        }
    }

    @Test("in memory are the rows that are asked for, and tell themselves from others")
    func inMemory() {
        let context = Tensor.arange(12, dtype: .float64).reshaped([4, 3])
        let conditions = TensorConditions(.context(context))
        let found = conditions([3, 0, 3]).context
        #expect(conditions.count == 4 && found?.dtype == .float32)
        #expect(found?.array(as: Int.self) == [9, 10, 11, 0, 1, 2, 9, 10, 11])
        #expect(conditions.fingerprint == TensorConditions(.context(context.cloned())).fingerprint)
        #expect(conditions.fingerprint != TensorConditions(.context(context + 1)).fingerprint)
        let classes = ClassConditions(count: 3)([2, 0]).classes
        #expect(classes?.array(as: Int.self) == [0, 0, 1, 1, 0, 0] && classes?.dtype == .float32)
    }
}
