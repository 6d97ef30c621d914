// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import TestSupport
import Testing
import Training

/// A recipe whose settings may change on the way.
private struct Example: Recipe {
    struct Part: Codable, Equatable, Sendable {
        var weight = 0.25
        var joinBatch = false
        var rates = [0.5]
    }

    var steps = 10
    var learningRate = 1e-3
    var microBatch: Int?
    var name = "x"
    var part = Part()
    var changes: [RecipeChange] = []

    func validate() throws {}
}

@Suite("Changes of a recipe")
struct RecipeChangeTests {
    private func resolved(_ yaml: String) throws -> Example {
        var found: Example?
        try withTemporaryFolder { folder in
            let file = URL(filePath: "a.yaml", relativeTo: folder)
            try yaml.write(to: file, atomically: true, encoding: .utf8)
            found = try Example.resolved(from: file)
        }
        return try #require(found)
    }

    private func sentence(_ yaml: String) throws -> String {
        try #require(throws: RecipeError.self) { try resolved(yaml) }.description
    }

    @Test("are read from a list of mappings, in sections or with dotted keys")
    func reading() throws {
        let recipe = try resolved(
            """
            changes:
                - from: 5400
                  part: {weight: 0.5, joinBatch: true}
                - steps: 20
                  from: 80000
                  microBatch: 4
                  part:
                      rates: [1, 2]
                - from: 90000
                  part.weight: 0.75
            """)
        #expect(
            recipe.changes == [
                RecipeChange(from: 5_400, "part.weight=0.5", "part.joinBatch=true"),
                RecipeChange(from: 80_000, "steps=20", "microBatch=4", "part.rates=[1, 2]"),
                RecipeChange(from: 90_000, "part.weight=0.75"),
            ])
        #expect(recipe.changes[1].keys == ["steps", "microBatch", "part"])
        #expect(try resolved("changes: {from: 3, steps: 4}").changes == [RecipeChange(from: 3, "steps=4")])
        #expect(try resolved("changes: []").changes.isEmpty)
        let set = try Example.resolved(overrides: ["changes=[{from: 3, steps: 4}]"])
        #expect(set.changes == [RecipeChange(from: 3, "steps=4")])
    }

    @Test("are made one setting at a time, of which others stay as they are")
    func changing() throws {
        var recipe = Example(learningRate: 5)
        recipe.part.rates = [3]
        let changed = try recipe.changed(
            by: RecipeChange(from: 2, "part.weight=0.5", "microBatch=4", "name=null and void"))
        var expected = recipe
        expected.part.weight = 0.5
        expected.microBatch = 4
        expected.name = "null and void"
        #expect(changed == expected)
        let back = try changed.changed(by: RecipeChange(from: 9, "microBatch=null", "part.rates=[]"))
        #expect(back.microBatch == nil && back.part.rates.isEmpty && back.part.weight == 0.5)
        #expect(throws: RecipeError.self) { try recipe.changed(by: RecipeChange(from: 2, "weight=1")) }
        #expect(throws: RecipeError.self) { try recipe.changed(by: RecipeChange(from: 2, "steps=x")) }
    }

    @Test("survive being written and read")
    func roundTrip() throws {
        var recipe = Example()
        recipe.changes = [
            RecipeChange(from: 2, "steps=20", "part.weight=0.5", "part.joinBatch=true"),
            RecipeChange(from: 1_000_000, "learningRate=1e-05", "part.rates=[1, 2]", "microBatch=null"),
        ]
        let yaml = try recipe.yaml()
        #expect(try resolved(yaml) == recipe)
        #expect(
            yaml.hasSuffix(
                """
                changes:
                -   from: 2
                    steps: 20
                    part:
                        weight: 0.5
                        joinBatch: true
                -   from: 1000000
                    learningRate: 1e-05
                    part:
                        rates:
                        - 1
                        - 2
                    microBatch: null

                """), "\(yaml)")
        #expect(try Example().yaml().hasSuffix("changes: []\n"))
    }

    @Test("with an unknown key name the file, the line and the nearest key")
    func unknownKeys() throws {
        #expect(
            try sentence("steps: 3\nchanges:\n    - from: 2\n      part:\n          wieght: 1\n")
                == "a.yaml:5: the recipe has no key `part.wieght`; did you mean `part.weight`?")
        #expect(
            try sentence("changes:\n    - from: 2\n      steps: 4\n    - from: 3\n      stebs: 5\n")
                == "a.yaml:5: the recipe has no key `stebs`; did you mean `steps`?")
        #expect(
            try sentence("changes:\n    - from: 2\n      learningrate: 4\n")
                == "a.yaml:3: the recipe has no key `learningrate`; did you mean `learningRate`?")
    }

    @Test("with a value that does not fit name the file and the line")
    func wrongTypes() throws {
        #expect(
            try sentence("changes:\n    - from: 2\n      steps: many\n")
                == "a.yaml:3: `steps` must be a whole number, found `many`.")
        #expect(
            try sentence("changes:\n    - from: 2\n      part: 3\n")
                == "a.yaml:3: `part` must be a section with keys of its own, found `3`.")
    }

    @Test(
        "that are none are refused",
        arguments: [
            ("- from: 0\n      steps: 4", "a section"), ("- from: -3\n      steps: 4", "a section"),
            ("- from: x\n      steps: 4", "a section"), ("- from: 1.5\n      steps: 4", "a section"),
            ("- steps: 4", "a section"), ("- from: 4", "a section"), ("- steps=4 from 3", "`steps=4 from 3`"),
            ("- [1, 2]", "`[1, 2]`"), ("-", "nothing"),
        ])
    func noChange(item: String, found: String) throws {
        #expect(
            try sentence("steps: 3\nchanges:\n    \(item)\n")
                == "a.yaml:3: `changes` must be a list of mappings, each with `from`, a step above 0, and settings, "
                + "found \(found).")
    }

    @Test("of nothing, or from the first step on, stop the program", arguments: [0, 1])
    func preconditions(kind: Int) async {
        await #expect(processExitsWith: .failure) { [kind] in
            _ = kind == 0 ? RecipeChange(from: 0, "steps=4") : RecipeChange(from: 1)
        }
    }
}
