// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// What a distillation is made of: terms that judge the generator, and terms that train the critic and the discriminator's heads.
///
/// A method of a paper is a choice of terms and settings:
///
/// | Method | Terms of the generator | Terms of the critic |
/// |---|---|---|
/// | DMD | ``DistributionMatching``, ``Regression`` | ``Denoising`` |
/// | DMD2 | ``DistributionMatching``, ``Adversarial`` | ``Denoising``, ``Discrimination`` |
/// | f-distill | the same, with a ``Divergence`` | the same |
/// | SiD | ``ScoreIdentity`` | ``Denoising`` |
/// | SiDA | ``ScoreIdentity``, ``Adversarial`` | ``Denoising``, ``Discrimination`` |
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
    /// The terms whose weights are above 0 in a recipe, and those that train what they read.
    ///
    /// - Parameters:
    ///   - recipe: the settings of the terms.
    ///   - distance: that of the regression loss; needed where its weight is above 0.
    ///   - ratios: what a divergence other than DMD's weighs distribution matching by.
    ///   - terms: terms of the generator beside those of the recipe.
    init(
        _ recipe: DistillationRecipe, distance: Distance?, ratios: DensityRatios? = nil,
        terms: [any GeneratorTerm] = []
    ) {
        var generatorTerms: [any GeneratorTerm] = []
        if recipe.distributionMatching.weight > 0 {
            generatorTerms.append(DistributionMatching(recipe.distributionMatching, ratios: ratios))
        }
        if recipe.scoreIdentity.weight > 0 { generatorTerms.append(ScoreIdentity(recipe.scoreIdentity)) }
        if recipe.adversarial.weight > 0 {
            generatorTerms.append(Adversarial(weight: recipe.adversarial.weight))
        }
        if recipe.regression.weight > 0, let distance {
            generatorTerms.append(Regression(weight: recipe.regression.weight, distance: distance))
        }
        self.init(generatorTerms: generatorTerms + terms, criticTerms: [])
        let adversarial = recipe.adversarial
        // A trunk that learns from the discriminator alone would forget the score.
        if inputs.contains(.scores) || needsDiscriminator && adversarial.trunk == .critic {
            criticTerms.append(Denoising())
        }
        if needsDiscriminator {
            criticTerms.append(
                Discrimination(
                    weight: adversarial.trunk == .critic ? adversarial.criticWeight : 1,
                    r1Weight: adversarial.r1Weight))
        }
    }

    /// What all terms of the generator read.
    var inputs: TermInputs { generatorTerms.reduce([]) { $0.union($1.inputs) } }

    /// What all terms of the critic read.
    var criticInputs: CriticInputs { criticTerms.reduce([]) { $0.union($1.inputs) } }

    /// Whether a term of the generator, or the critic, reads samples of fresh noise.
    var readsFreshSamples: Bool {
        !criticTerms.isEmpty || generatorTerms.contains(where: \.readsFreshSamples)
    }

    /// Whether a term reads a discriminator's logits.
    var needsDiscriminator: Bool { !inputs.isDisjoint(with: [.logits, .scoreLogits]) }
}
