// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Images
import Metrics
import Torch

/// One of the two things that an evaluation compares, opened.
struct Side {
    enum Content {
        case model(EDMDenoiser, steps: Int, method: SamplingMethod)
        case images(any ImageDataset)
        case statistics(ReferenceStatistics)
    }

    let content: Content
    /// Without the sum of images, which is known once they have been looked at.
    var origin: Origin

    /// The shape of the images `[C, H, W]`; nil of statistics.
    var shape: [Int]? {
        switch content {
        case .model(let denoiser, _, _): denoiser.sampleShape
        case .images(let dataset): dataset.imageShape
        case .statistics: nil
        }
    }

    /// The images of a seed; nil of statistics.
    func source(seed: UInt64, count: Int) -> ImageSource? {
        switch content {
        case .model(let denoiser, let steps, let method):
            ImageSource(
                Generation(denoiser: denoiser, steps: steps, method: method, seed: seed), count: count)
        case .images(let dataset): ImageSource(dataset, count: count)
        case .statistics: nil
        }
    }
}

/// How one of the two is to be opened.
struct SideRequest {
    /// Weights in `.safetensors`, statistics in `.npz`, or a set of images in any other form.
    var path: Path
    var steps = 1
    var sampler = SamplerSettings()
    var split = DatasetSplit.test
    var count: Int

    private var file: URL {
        get throws {
            switch path.description {
            case Self.generator: try Bundled.generator()
            case Self.teacher: try Bundled.teacher()
            case Self.fashionMNIST: try FashionMNIST.folder()
            default: path.url
            }
        }
    }

    static let (generator, teacher) = ("bundled:generator", "bundled:teacher")
    static let fashionMNIST = "bundled:fashion-mnist"

    var isImages: Bool { kind == .images }

    private var kind: Origin.Kind {
        if path.description == Self.fashionMNIST { return .images }
        if [Self.generator, Self.teacher].contains(path.description) { return .model }
        switch path.url.pathExtension.lowercased() {
        case "safetensors": return .model
        case "npz": return .statistics
        default: return .images
        }
    }

    /// - Parameter size: the side that images are cropped and resized to; nil leaves them.
    /// - Throws: what reading the files throws.
    func open(size: Int?, device: Device) throws -> Side {
        var origin = Origin(kind: kind, path: "\(path)", sha256: "")
        switch kind {
        case .model:
            let denoiser = try loadDenoiser(at: file, device: device)
            (origin.count, origin.steps) = (count, steps)
            origin.sampler = steps == 1 ? nil : sampler
            origin.sha256 = try fileSum(file)
            return Side(content: .model(denoiser, steps: steps, method: sampler.method), origin: origin)
        case .images:
            let dataset = try openDataset(at: file, split: split, size: size, keepsImages: false)
            (origin.count, origin.size) = (min(count, dataset.count), size)
            origin.split = split.rawValue
            return Side(content: .images(dataset), origin: origin)
        case .statistics:
            let statistics = try ReferenceStatistics(contentsOf: file)
            origin.count = statistics.imageCount
            origin.sha256 = try fileSum(file)
            return Side(content: .statistics(statistics), origin: origin)
        }
    }
}

extension SideRequest {
    /// Opens again what a card tells of.
    init(_ origin: Origin) {
        path = Path(argument: origin.path)
        steps = origin.steps ?? 1
        sampler = origin.sampler ?? SamplerSettings()
        split = origin.split.flatMap(DatasetSplit.init) ?? .test
        count = origin.count ?? 2
    }
}
