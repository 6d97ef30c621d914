// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// Texts that tell what images show, each read when all are asked for.
struct Captions: Sendable {
    private let images: [String]
    private let read: @Sendable (Int) throws -> Data?

    /// - Parameters:
    ///   - images: what errors call them.
    ///   - read: the text of the image of a number; nil for none.
    init(of images: [String], read: @escaping @Sendable (Int) throws -> Data?) {
        (self.images, self.read) = (images, read)
    }

    /// One line for each image, whatever breaks its text has; nil where no image has any.
    ///
    /// - Throws: ``ImageError`` for an image without one, which others have.
    func all() throws -> [String]? {
        let texts = try images.indices.map { index in
            try read(index).map { data in
                String(decoding: data, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(
                    separator: " ")
            }
        }
        guard texts.contains(where: { $0 != nil }) else { return nil }
        return try zip(images, texts).map { image, text in
            guard let text else {
                throw ImageError.badLabels(
                    file: image, reason: "it has no .txt with a caption, which others have")
            }
            return text
        }
    }
}
