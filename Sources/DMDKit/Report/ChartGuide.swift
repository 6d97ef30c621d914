// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// What a chart shows of the log of a run, and how to read it.
public struct ChartGuide: Encodable, Sendable {
    /// One curve.
    public struct Curve: Encodable, Sendable {
        /// The tag in the log.
        public let tag: String
        /// What the legend calls it.
        public let name: String
    }

    /// What the chart shows, in a few words.
    public let title: String
    /// How to read it.
    public let caption: String
    /// The curves; without any of them there is no chart.
    public let curves: [Curve]
    /// A value that the curves should stay below.
    public let limit: Double?
    /// Whether the vertical axis is logarithmic.
    public let isLogarithmic: Bool
    /// Whether the curves are drawn over images seen rather than steps, unless told otherwise.
    let countsImages: Bool

    fileprivate init(
        title: String, caption: String, tags: [(tag: String, name: String)], limit: Double? = nil,
        isLogarithmic: Bool = false, countsImages: Bool = false
    ) {
        (self.title, self.caption, self.limit) = (title, caption, limit)
        (self.isLogarithmic, self.countsImages) = (isLogarithmic, countsImages)
        curves = tags.map { Curve(tag: $0.tag, name: $0.name) }
    }

    /// The charts of a distillation, from the most to the least telling.
    public static var distillation: [ChartGuide] { guides }

    /// The curves of runs, in a colour for each where there are several; nil where no log has any.
    ///
    /// - Parameter axis: what the curves are drawn over; nil for what suits the chart.
    func chart(of runs: [LoggedRun], over axis: ChartAxis?) -> LineChart? {
        let axis = axis ?? (countsImages ? .images : .steps)
        var series = runs.enumerated().flatMap { number, run in
            curves.enumerated().compactMap { index, curve -> LineChart.Series? in
                let points = run.points(curve.tag, over: axis)
                guard !points.isEmpty else { return nil }
                guard runs.count > 1 else {
                    return .init(
                        name: curve.name, points: points, colour: index,
                        isReference: curve.tag.hasPrefix("real/"))
                }
                let name = curves.count > 1 ? "\(run.name): \(curve.name)" : run.name
                return .init(name: name, points: points, colour: number, dash: index)
            }
        }
        let places = series.flatMap { $0.points.map(\.x) }
        guard let first = places.min(), let last = places.max() else { return nil }
        if let limit {
            series.append(
                LineChart.Series(name: "limit", points: [(first, limit), (last, limit)], isReference: true))
        }
        return LineChart(
            title: title, caption: caption, horizontal: axis.title, series: series,
            isLogarithmic: isLogarithmic)
    }
}

private let guides: [ChartGuide] = [
    ChartGuide(
        title: "Frechet distance",
        caption: """
            How far the generated images, taken together, are from the images that they are measured \
            against. Lower is better. It is taken on features of EfficientNet-Lite0 and does not compare with published \
            FID.
            """,
        tags: [("distance/frechet", "distance")], isLogarithmic: true, countsImages: true),
    ChartGuide(
        title: "Precision and recall",
        caption: """
            The share of generated images that look like real ones, and of as many real ones that some generated image comes near. Where \
            recall falls, the generator forgets kinds of images.
            """,
        tags: [("distance/precision", "precision"), ("distance/recall", "recall")]),
    ChartGuide(
        title: "Distribution matching loss",
        caption: """
            How much critic and teacher differ about the generated images. It need not fall: the critic \
            starts as a copy of the teacher, so the loss starts near zero, and a rise is normal.
            """,
        tags: [("loss/distribution_matching", "loss")]),
    ChartGuide(
        title: "Regression loss",
        caption: """
            How far the generator's images are from the teacher's for the same noise, in LPIPS. It should \
            fall, fast at first and then slowly.
            """,
        tags: [("loss/regression", "loss")]),
    ChartGuide(
        title: "Discriminator",
        caption: """
            Its mean logits, high for what it takes for real. Close together it is blind, further apart than 8 it is too strong \
            for the generator to learn from.
            """,
        tags: [("logit/real", "real"), ("logit/fake", "generated")]),
    ChartGuide(
        title: "Adversarial losses",
        caption: """
            The discriminator's loss is 2 ln 2, about 1.386, where it guesses, and falls as it tells real from generated images; the \
            generator's then rises. Neither tells how good the images are.
            """,
        tags: [("loss/discriminator", "discriminator"), ("loss/adversarial", "generator")]),
    ChartGuide(
        title: "Pull of the terms",
        caption: """
            The norm of each term's gradient at an image, times its weight. Terms that pull a hundred times as hard as others drown \
            them.
            """,
        tags: [
            ("gradient/distribution_matching", "distribution matching"),
            ("gradient/score_identity", "score identity"), ("gradient/adversarial", "adversarial"),
            ("gradient/regression", "regression"),
        ], isLogarithmic: true),
    ChartGuide(
        title: "Critic's lag",
        caption: """
            The critic's loss on fresh images as a fraction of the teacher's. It starts at 1 and should stay \
            below 1.1. Above, the critic does not keep up with the generator: raise critic.steps or lower \
            learningRate.
            """,
        tags: [("critic/lag", "lag")], limit: 1.1),
    ChartGuide(
        title: "Denoising loss",
        caption: """
            How badly the network denoises: in a distillation the critic, generated images, in training and on fresh ones. It fluctuates, as \
            each batch draws other noise levels, and tells little alone; two curves should lie together.
            """,
        tags: [("loss/denoising", "training"), ("critic/fresh_loss", "fresh images")], isLogarithmic: true),
    ChartGuide(
        title: "Contrast",
        caption: """
            The standard deviation of the images' values. It should approach that of the pairs, or \
            of real images: below half of it images collapse, above one and a half times it they are oversaturated.
            """,
        tags: [("images/std", "generated"), ("real/std", "true")]),
    ChartGuide(
        title: "Brightness",
        caption: """
            From 0 for black to 1 for white. It should stay within 0.1 of that of the pairs, or of real \
            images; a drift says that the critic needs more updates: raise critic.steps.
            """,
        tags: [("images/brightness", "generated"), ("real/brightness", "true")]),
    ChartGuide(
        title: "Gradients",
        caption: """
            Norms before clipping: of the distribution matching gradient of an image, and of the gradients \
            of both networks' weights. A steep climb that lasts is a sign of divergence: lower learningRate.
            """,
        tags: [
            ("norm/distribution_matching", "distribution matching"), ("norm/generator", "generator"),
            ("norm/critic", "critic"),
        ], isLogarithmic: true),
    ChartGuide(
        title: "Speed",
        caption: """
            Images in a second that distribution matching saw, all else that a step does included. Dips are \
            samples and checkpoints being written.
            """,
        tags: [("images_per_second", "images per second")]),
    ChartGuide(
        title: "Sane",
        caption: """
            1 while nothing speaks against going on; 0 where the critic lags, or the images' brightness or \
            contrast is far from that of true ones, or the discriminator fails.
            """,
        tags: [("health/sane", "sane")]),
]
