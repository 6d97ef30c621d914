// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
import Images
public import Torch
import Weights

/// How images become the input of CLIP: resized so that the shorter side fits, cropped around the middle, and brought to
/// the mean and deviation of the training images.
///
/// Resizing has the bits of Pillow's by its bicubic kernel, as OpenAI's own program resizes; `CLIPImageProcessorPil` of
/// transformers gives the same numbers but for float32's rounding.
public struct CLIPPreprocessing: Equatable, Sendable {
    /// What the shorter side is resized to.
    public var shorterSide: Int
    /// The height and width that are kept.
    public var crop: Int
    /// Of red, green and blue, where white is 1.
    public var mean = [0.48145466, 0.4578275, 0.40821073]
    /// Of red, green and blue, where white is 1.
    public var deviation = [0.26862954, 0.26130258, 0.27577711]

    /// OpenAI's, which OpenCLIP uses as well.
    ///
    /// - Parameter size: the height and width that the network takes.
    public init(size: Int = 224) { (shorterSide, crop) = (size, size) }

    /// Reads `preprocessor_config.json`.
    ///
    /// - Parameters:
    ///   - folder: a model's folder.
    ///   - size: the height and width that the network takes, which the file must give; where there is no file, all is as in
    ///     ``init(size:)``.
    /// - Throws: `ModelFolderError`.
    public init(folder: URL, size: Int) throws {
        let file = folder.appending(path: "preprocessor_config.json")
        guard FileManager.default.fileExists(atPath: file.path) else {
            self.init(size: size)
            return
        }
        self = try ModelFolder.decode(CLIPPreprocessing.self, from: file)
        guard crop == size else {
            throw ModelFolderError.badSettings(
                file: file.path, reason: "it crops images to \(crop) pixels, and the network takes \(size)")
        }
    }

    /// The network's input of images.
    ///
    /// - Parameter levels: uint8 `[N, 3, H, W]`, on the CPU.
    /// - Returns: float32 `[N, 3, crop, crop]`, on the CPU.
    public func callAsFunction(_ levels: Tensor) -> Tensor {
        let (height, width) = (levels.shape[2], levels.shape[3])
        let shorter = min(height, width)
        let resized = levels.resizedAsPillow(
            height: shorterSide * height / shorter, width: shorterSide * width / shorter, .bicubic)
        let kept = resized.centerCropped(height: crop, width: crop).to(.float32)
        func perChannel(_ values: [Double]) -> Tensor {
            Tensor(values.map { Float($0 * 255) }, shape: [1, 3, 1, 1])
        }
        return (kept - perChannel(mean)) / perChannel(deviation)
    }
}

extension CLIPPreprocessing: Decodable {
    private enum CodingKeys: String, CodingKey {
        case resizes = "do_resize"
        case crops = "do_center_crop"
        case rescales = "do_rescale"
        case normalizes = "do_normalize"
        case size
        case crop = "crop_size"
        case kernel = "resample"
        case scale = "rescale_factor"
        case mean = "image_mean"
        case deviation = "image_std"
    }

    /// Reads `preprocessor_config.json`; settings that it lacks are OpenAI's, and what this package does not do is refused
    /// by name.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        for key in [CodingKeys.resizes, .crops, .rescales, .normalizes] {
            try container.require(true, forKey: key)
        }
        try container.require(3, forKey: .kernel)
        try container.require(1.0 / 255, forKey: .scale)
        shorterSide = try Self.size(container, .size) { $0.shorter } ?? shorterSide
        crop = try Self.size(container, .crop) { $0.height == $0.width ? $0.height : nil } ?? crop
        guard crop <= shorterSide else {
            throw container.refusal(
                of: .crop, found: crop, expected: "at most `size`, which is \(shorterSide)")
        }
        mean = try container.decodeIfPresent([Double].self, forKey: .mean) ?? mean
        deviation = try container.decodeIfPresent([Double].self, forKey: .deviation) ?? deviation
        for (key, values) in [(CodingKeys.mean, mean), (.deviation, deviation)] where values.count != 3 {
            throw container.refusal(of: key, found: values, expected: "three numbers")
        }
        guard deviation.allSatisfy({ $0 > 0 }) else {
            throw container.refusal(of: .deviation, found: deviation, expected: "above 0")
        }
    }

    /// A size in the forms that have been written: a number, the shorter side, or height and width.
    private struct Size: Decodable {
        var shorter: Int?
        var height: Int?
        var width: Int?

        private enum CodingKeys: String, CodingKey {
            case shorter = "shortest_edge"
            case height, width
        }
    }

    private static func size(
        _ container: KeyedDecodingContainer<CodingKeys>, _ key: CodingKeys, of form: (Size) -> Int?
    ) throws -> Int? {
        guard container.contains(key) else { return nil }
        let number = try? container.decode(Int.self, forKey: key)
        guard let size = try number ?? form(container.decode(Size.self, forKey: key)),
            (1...4096).contains(size)
        else {
            let expected = key == .size ? "a shortest edge" : "a height and an equal width"
            throw container.refusal(
                of: key, found: number ?? "of another form", expected: "\(expected), from 1 to 4096")
        }
        return size
    }
}
