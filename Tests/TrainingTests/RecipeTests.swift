// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import TestSupport
import Testing
import Training

/// A recipe with a field of every kind.
private struct Example: Recipe {
    enum Weighting: String, Codable, CaseIterable {
        case uniform, equation8
    }

    struct Optimizer: Codable, Equatable, Sendable {
        var learningRate = 2e-4
        var betas = [0.9, 0.999]
        var clipNorm: Double?
    }

    var data = "no"
    var steps = 10_000
    var seed: UInt64 = .max
    var mirrored = false
    var weighting = Weighting.equation8
    var crop: Int?
    var name: String? = "x"
    var weightings: [Weighting] = []
    var optimizer = Optimizer()

    func validate() throws {
        try check("steps", steps, steps >= 1, "at least 1")
    }
}

private func error(_ overrides: String...) -> RecipeError? {
    #expect(throws: RecipeError.self) { try Example.resolved(overrides: overrides) }
}

private func error(ofFile yaml: String) throws -> String {
    var found: RecipeError?
    try withTemporaryFolder { folder in
        let file = URL(filePath: "a.yaml", relativeTo: folder)
        try yaml.write(to: file, atomically: true, encoding: .utf8)
        found = #expect(throws: RecipeError.self) { try Example.resolved(from: file) }
    }
    return try #require(found).description
}

@Suite struct RecipeTests {
    @Test func aFileMayComeFromWindowsAndNotInUTF16() throws {
        try withTemporaryFolder { folder in
            let file = URL(filePath: "a.yaml", relativeTo: folder)
            try Data("\u{FEFF}steps: 3\r\nname: y\r\n".utf8).write(to: file)
            let read = try Example.resolved(from: file)
            #expect(read.steps == 3 && read.name == "y")
            try "steps: 3\n".write(to: file, atomically: true, encoding: .utf16)
            let error = try #require(throws: RecipeError.self) { try Example.resolved(from: file) }
            #expect(
                error.description
                    == "The recipe a.yaml cannot be read: it is not UTF-8; convert UTF-16 with `iconv -f UTF-16 -t UTF-8`."
            )
        }
    }

    @Test func nothingGivenLeavesTheDefaults() throws {
        #expect(try Example.resolved() == Example())
    }

    @Test func yamlHoldsEveryKeyInOrder() throws {
        #expect(
            try Example().yaml() == """
                data: "no"
                steps: 10000
                seed: 18446744073709551615
                mirrored: false
                weighting: equation8
                crop: null
                name: "x"
                weightings: []
                optimizer:
                    learningRate: 0.0002
                    betas: [0.9, 0.999]
                    clipNorm: null

                """)
    }

    @Test func yamlReadsBackExactly() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "recipe.yaml")
            var recipe = Example(data: "null", mirrored: true, weighting: .uniform, crop: -3, name: "")
            recipe.data = "tab\t\"quote\" # \u{e9}: " + String(repeating: "long ", count: 50)
            recipe.weightings = [.uniform, .equation8]
            for rate in [
                0.1, 1e-5, 1 / 3, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity,
                123_456_789.123_456_78,
            ] {
                recipe.optimizer = .init(learningRate: rate, betas: [rate], clipNorm: -rate)
                try recipe.yaml().write(to: file, atomically: true, encoding: .utf8)
                #expect(try Example.resolved(from: file) == recipe)
            }
        }
    }

    @Test func fileOverlaysDefaultsAndOverridesOverlayTheFile() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "recipe.yaml")
            try "optimizer: {clipNorm: 1}\nsteps: 5\ncrop: 224".write(
                to: file, atomically: true, encoding: .utf8)
            let recipe = try Example.resolved(
                from: file, overrides: ["steps=6", "optimizer.betas=[0, 0.5]", "crop=null", "name="])
            #expect(recipe.steps == 6)
            #expect(recipe.crop == nil)
            #expect(recipe.name == nil)
            #expect(recipe.optimizer == .init(learningRate: 2e-4, betas: [0, 0.5], clipNorm: 1))
            let one = try Example.resolved(overrides: ["optimizer.betas=0.7", "weightings=uniform"])
            #expect(one.optimizer.betas == [0.7] && one.weightings == [.uniform])
        }
    }

    @Test func emptyFileIsFine() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "recipe.yaml")
            try "# nothing yet\n".write(to: file, atomically: true, encoding: .utf8)
            #expect(try Example.resolved(from: file) == Example())
        }
    }

    @Test func unknownKeyNamesPlaceAndNearest() throws {
        #expect(
            try error(ofFile: "steps: 3\noptimizer:\n    learning_rate: 1\n")
                == "a.yaml:3: the recipe has no key `optimizer.learning_rate`; did you mean `optimizer.learningRate`?"
        )
        #expect(
            error("clipnorm=1")?.description
                == "settings: the recipe has no key `clipnorm`; did you mean `optimizer.clipNorm`?")
        #expect(
            error("optimizer.warmUp=1")?.description
                == "settings: the recipe has no key `optimizer.warmUp`; known here are learningRate, betas, clipNorm."
        )
        #expect(error("steps.x=1") != nil)
    }

    @Test(arguments: [
        ("steps=1.5", "`steps` must be a whole number, found `1.5`"),
        ("steps=many", "`steps` must be a whole number, found `many`"),
        ("steps=", "`steps` must be a whole number, found nothing"),
        ("steps=[1]", "`steps` must be a whole number, found `[1]`"),
        ("seed=-1", "`seed` must be a whole number, not negative, found `-1`"),
        ("mirrored=1", "`mirrored` must be true or false, found `1`"),
        ("data={a: 1}", "`data` must be text, found a section"),
        ("crop=x", "`crop` must be a whole number, or null, found `x`"),
        ("weighting=equation9", "`weighting` must be one of uniform, equation8, found `equation9`"),
        ("optimizer=3", "`optimizer` must be a section with keys of its own, found `3`"),
        ("optimizer.betas=b", "`optimizer.betas` must be a list, each item a number, found `b`"),
        ("optimizer.betas=", "`optimizer.betas` must be a list, each item a number, found nothing"),
        (
            "optimizer.betas=[0.9, b]",
            "`optimizer.betas` must be a list, each item a number, found `[0.9, b]`"
        ),
        ("optimizer.learningRate='1'", "`optimizer.learningRate` must be a number, found `1`"),
    ])
    func wrongTypesSayWhatWasExpected(override: String, message: String) {
        #expect(error(override)?.description == "settings: \(message).")
    }

    @Test func malformedTextNamesTheLine() throws {
        #expect(try error(ofFile: "steps: 3\ndata: [1, 2\n").hasPrefix("a.yaml:3: this is not YAML: "))
        #expect(try error(ofFile: "steps: 3\nsteps: 4\n").hasSuffix("`steps` stands here more than once."))
        #expect(try error(ofFile: "- 1\n").contains("a section with keys of its own"))
        #expect(error("steps")?.description == "settings: expected key=value, found `steps`.")
        #expect(error("=3") == .malformed(place: "settings", reason: "expected key=value, found `=3`"))
    }

    @Test func missingFileIsNamed() {
        let error = #expect(throws: RecipeError.self) {
            try Example.resolved(from: URL(filePath: "/nowhere/a.yaml"))
        }
        #expect(error?.description.hasPrefix("The recipe /nowhere/a.yaml cannot be read: ") == true)
    }

    @Test func validationRuns() {
        #expect(error("steps=0")?.description == "The recipe's `steps` is 0 and must be at least 1.")
    }
}
