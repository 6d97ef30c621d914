// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// What a distillation is made of: terms that judge the generator, and terms that train the critic.
public struct Method: Sendable {
    /// The terms of the generator's loss.
    public var generatorTerms: [any GeneratorTerm]
    /// The terms of the critic's loss.
    public var criticTerms: [any CriticTerm]

    /// A method of these terms.
    public init(generatorTerms: [any GeneratorTerm], criticTerms: [any CriticTerm]) {
        self.generatorTerms = generatorTerms
        self.criticTerms = criticTerms
    }
}

extension Method {
    /// Distribution Matching Distillation (Yin et al. 2023, arXiv 2311.18828): distribution matching and, with pairs,
    /// regression; a critic that learns to denoise.
    ///
    /// - Parameters:
    ///   - recipe: the settings of the terms.
    ///   - distance: that of the regression loss; needed where its weight is above 0.
    public static func distributionMatching(_ recipe: DistillationRecipe, distance: Distance?) -> Method {
        var terms: [any GeneratorTerm] = [DistributionMatching(recipe.distributionMatching)]
        if recipe.regression.weight > 0, let distance {
            terms.append(Regression(weight: recipe.regression.weight, distance: distance))
        }
        return Method(generatorTerms: terms, criticTerms: [Denoising()])
    }

    /// What all terms of the generator read.
    var inputs: TermInputs { generatorTerms.reduce([]) { $0.union($1.inputs) } }
}
