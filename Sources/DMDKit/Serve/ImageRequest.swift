// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// What images of an ``ImageModel`` are asked for. Image number `i` is that of ``Sample`` with the same seed.
public struct ImageRequest: Equatable, Sendable {
    /// How many images.
    public var count = 1
    /// The random seed.
    public var seed: UInt64
    /// The way from its noise to that of another seed; nil to stay.
    public var blend: NoiseBlend?
    /// The class of all images; nil for one after another.
    public var label: Int?
    /// What the images should show; nil for a model without text.
    public var prompt: String?
    /// What they should not show.
    public var negativePrompt = ""
    /// How much the prompt counts, 1 and above; nil for the model's usual.
    public var guidance: Double?
    /// Steps; nil for the model's usual.
    public var steps: Int?
    /// The height of an image in pixels; nil for the model's own.
    public var height: Int?
    /// The width of an image in pixels; nil for the model's own.
    public var width: Int?
    /// What else the PNG files should say, by key.
    public var notes: [String: String] = [:]

    /// Some images; see the properties.
    public init(count: Int = 1, seed: UInt64 = 0) { (self.count, self.seed) = (count, seed) }
}
