// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Images
import Torch

/// Fashion-MNIST, its garments dyed in one of eight colours and described: "a photo of a red sneaker".
struct ColouredClothes {
    static let side = 32

    /// Red, green and blue from 0 to 1.
    static let palette: KeyValuePairs<String, [Float]> = [
        "red": [1, 0.1, 0.1], "orange": [1, 0.5, 0], "yellow": [1, 0.95, 0.1], "green": [0.1, 0.8, 0.15],
        "teal": [0.1, 0.8, 0.8], "blue": [0.15, 0.3, 1], "purple": [0.65, 0.15, 0.9], "white": [1, 1, 1],
    ]

    /// In the order of Fashion-MNIST's labels.
    static let garments = [
        "t-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
    ]

    /// What a caption begins with.
    static let beginnings = ["", "a photo of ", "a picture of "]

    /// All captions: those of a garment in a colour stand together, see ``caption(garment:colour:beginning:)``.
    static let captions = garments.flatMap { garment in
        palette.flatMap { colour, _ in
            beginnings.map { "\($0)\(phrase(colour, garment))" }
        }
    }

    /// The number of a caption.
    static func caption(garment: Int, colour: Int, beginning: Int = 0) -> Int {
        (garment * palette.count + colour) * beginnings.count + beginning
    }

    private static func phrase(_ colour: String, _ garment: String) -> String {
        let article = garment == "trousers" ? "a pair of" : colour == "orange" ? "an" : "a"
        return "\(article) \(colour) \(garment)"
    }

    private let images: any ImageDataset
    private let labels: [Int]

    /// - Throws: ``ClothesError`` for another set than Fashion-MNIST, `ImageError` for files that cannot be read.
    init(at folder: URL, split: DatasetSplit = .train) throws {
        images = try openDataset(at: folder, split: split)
        guard images.imageShape == [1, 28, 28], images.classCount == Self.garments.count,
            let labels = images.labels
        else { throw ClothesError(folder: folder.path) }
        self.labels = labels
    }

    /// A batch of images and the numbers of their captions, all drawn anew.
    ///
    /// - Returns: `[batch, 3, 32, 32]` in [-1, 1], and int64 `[batch]`.
    func batch(_ size: Int, from stream: inout RandomStream) throws -> (images: Tensor, captions: Tensor) {
        func draw(below bound: Int) -> [Int] {
            stream.integers(below: bound, shape: [size]).array(as: Int.self)
        }
        let indices = draw(below: images.count)
        let colours = draw(below: Self.palette.count)
        let beginnings = draw(below: Self.beginnings.count)
        let captions = (0..<size).map {
            Self.caption(garment: labels[indices[$0]], colour: colours[$0], beginning: beginnings[$0])
        }
        let gray = try images.images(at: indices).to(.float32) / 255  // [batch, 1, 28, 28]
        let colour = Tensor(colours.flatMap { Self.palette[$0].value }, shape: [size, 3, 1, 1])
        let margin = (Self.side - 28) / 2
        let framed = gray.padded(left: margin, right: margin, top: margin, bottom: margin)
        return (framed * colour * 2 - 1, Tensor(captions))
    }

    /// Writes images with their captions, `00000.png` and `00000.txt`, as `dmd` takes them for real images.
    func write(_ count: Int, to folder: URL, seed: UInt64) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var stream = RandomStream(seed: seed, purpose: "captioned")
        let (images, captions) = try batch(count, from: &stream)
        let all = zip(Image.images(from: images), captions.array(as: Int.self))
        for (number, (image, caption)) in all.enumerated() {
            let file = folder.appending(path: String(format: "%05d", number))
            try image.write(to: file.appendingPathExtension("png"))
            try Data(Self.captions[caption].utf8).write(to: file.appendingPathExtension("txt"))
        }
    }
}

struct ClothesError: Error, CustomStringConvertible {
    let folder: String
    var description: String { "\(folder) is not Fashion-MNIST: name its folder with --images." }
}
