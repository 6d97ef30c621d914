// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// Brightness, contrast and saturation of images, whose drift from a teacher's shows a failing distillation early.
///
/// Of each image, with values in [0, 1] and luma by Rec. 709's weights (0.2126, 0.7152, 0.0722) of red, green and blue:
///
/// - brightness is the mean luma;
/// - contrast is the deviation of the luma over pixels ("root mean square contrast", Peli 1990);
/// - saturation is the mean over pixels of `(max - min) / max` over the channels, 0 for black, as in the model HSV.
///
/// Images arrive in chunks of any size; three numbers an image are kept.
public struct ColourStatistics {
    private static let weights = [0.2126, 0.7152, 0.0722]
    private static let largest = Operator("aten::amax")
    private static let smallest = Operator("aten::amin")
    private static let deviation = Operator("aten::std.correction")

    private var brightnesses: [Double] = []
    private var contrasts: [Double] = []
    private var saturations: [Double] = []

    /// Statistics of no images yet.
    public init() {}

    /// Goes on from a ``state``; nil if it is not one.
    public init?(state: [String: Tensor]) {
        guard let table = state["images"], table.rank == 2, table.shape[0] == 3 else { return nil }
        func row(_ index: Int) -> [Double] { table.selected(dim: 0, index: index).array(as: Double.self) }
        (brightnesses, contrasts, saturations) = (row(0), row(1), row(2))
    }

    /// All there is to know, to be written to a file.
    public var state: [String: Tensor] {
        ["images": Tensor(brightnesses + contrasts + saturations, shape: [3, count])]
    }

    /// The number of images seen.
    public var count: Int { brightnesses.count }

    /// The mean brightness, from 0 for black to 1 for white, and its standard error over images. Needs an image.
    public var brightness: Score { Score(meanOf: brightnesses) }
    /// The mean contrast, from 0 to 0.5, and its standard error over images. Needs an image.
    public var contrast: Score { Score(meanOf: contrasts) }
    /// The mean saturation, from 0 for grey to 1, and its standard error over images. Needs an image.
    public var saturation: Score { Score(meanOf: saturations) }

    /// Takes in more images.
    ///
    /// - Parameter images: `[N, C, H, W]` with 1 channel, taken as grey, or 3, from 0 for black to 255, any type.
    public mutating func add(levels images: Tensor) {
        let x = rgb(images).detached().to(.float32) / 255
        let luma = (x * Tensor(Self.weights, shape: [1, 3, 1, 1], device: x.device).to(.float32)).sum(dims: [
            1
        ])
        brightnesses += luma.mean(dims: [1, 2]).array(as: Double.self)
        contrasts += Self.deviation(.tensor(luma), .ints([1, 2]), 0).array(as: Double.self)
        let most = Self.largest(.tensor(x), .ints([1]))
        let range = most - Self.smallest(.tensor(x), .ints([1]))
        saturations += (range / most.clamped(min: 1e-6, max: 1)).mean(dims: [1, 2]).array(as: Double.self)
    }
}
