// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Synchronization
import Torch

/// Images that are decoded when first asked for, brought to one shape, and kept in memory up to a limit.
final class ImageStore: Sendable {
    /// The bytes that may be kept; images beyond are decoded each time.
    private static let capacity = 2 << 30

    let shape: [Int]
    private let size: Int?
    private let keepsImages: Bool
    private let decode: @Sendable (Int) throws -> (image: Image, name: String)
    private let kept = Mutex<[Int: [UInt8]]>([:])

    /// - Parameters:
    ///   - shape: `[C, H, W]` of every image, after the resizing that `size` asks for.
    ///   - keepsImages: whether images stay in memory once they are decoded.
    ///   - decode: reads the image at an index and tells what errors should call it.
    init(
        shape: [Int], size: Int?, keepsImages: Bool,
        decode: @escaping @Sendable (Int) throws -> (image: Image, name: String)
    ) {
        self.shape = shape
        self.size = size
        self.keepsImages = keepsImages
        self.decode = decode
    }

    func images(at indices: [Int]) throws -> Tensor {
        let planes = try indices.flatMap(planes)
        return Tensor(planes, shape: [indices.count] + shape)
    }

    private func planes(at index: Int) throws -> [UInt8] {
        if let planes = kept.withLock({ $0[index] }) { return planes }
        let (image, name) = try decode(index)
        let planes = try image.fitted(to: shape, size: size, named: name).planes
        guard keepsImages else { return planes }
        kept.withLock { if ($0.count + 1) * planes.count <= Self.capacity { $0[index] = planes } }
        return planes
    }
}

extension Image {
    /// The middle square at side `size`, where one is given.
    func fitted(to size: Int?) -> Image {
        guard let size else { return self }
        return centerCropped().resized(width: size, height: size)
    }

    /// The image in the shape of its data set: gray may become RGB, anything else must fit already.
    fileprivate func fitted(to shape: [Int], size: Int?, named name: String) throws -> Image {
        let resized = fitted(to: size)
        let image = shape[0] == 3 ? resized.rgb : resized
        guard image.shape == shape else {
            throw ImageError.mismatched(file: name, found: form(of: image.shape), expected: form(of: shape))
        }
        return image
    }
}

/// The words for `[C, H, W]`, such as "32 x 32 RGB".
func form(of shape: [Int]) -> String {
    "\(shape[2]) x \(shape[1]) \(shape[0] == 3 ? "RGB" : "gray")"
}
