// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation
import Images
import Torch

/// Single images on their way to a folder, which several processes may fill together, and which goes on where it was stopped.
///
/// Image `i` is `000123-class7.png`, or `000123-a-photo-of-a-cat.png` where it has a prompt, or `000123.png`: what pytorch-fid,
/// torch-fidelity and clean-fid read. A hidden file tells what the images are of.
struct ImageFiles {
    /// What the images of a folder are of: all that changes them.
    struct Description: Codable, Equatable {
        /// The network.
        let weights: String
        /// How many images.
        let count: Int
        /// The random seed.
        let seed: UInt64
        /// How they are sampled, in words.
        let sampling: String
        /// `[C, H, W]`.
        let shape: [Int]
        /// What each image shows, in turn: the name of a class or a prompt; none where there is nothing to tell.
        let subjects: [String]
        /// How many images in a row show the same.
        let repeats: Int
    }

    let folder: URL
    let description: Description

    private var manifest: URL { folder.appending(path: ".dmd-sample.json") }

    /// Begins a folder, or goes on with one.
    ///
    /// - Throws: ``KitError`` for a folder that holds something else; `FileError`.
    init(in folder: URL, _ description: Description) throws {
        (self.folder, self.description) = (folder, description)
        if isFolder(folder), !FileManager.default.fileExists(atPath: manifest.path),
            try names(in: folder).contains(where: { !$0.hasPrefix(".") })
        {
            throw KitError(
                "\(folder.relativePath) holds other files: name another folder for the images, or a new one.")
        }
        try beginFolder(folder, manifest: description, at: manifest)
        guard let found = try? JSONDecoder.file.decode(Description.self, from: contents(of: manifest)),
            found == description
        else {
            throw KitError(
                "\(folder.relativePath) holds images of other weights or settings: name another folder, or remove it."
            )
        }
    }

    /// The name of an image.
    func name(of index: Int) -> String {
        let number = String(format: "%06d", index)
        guard !description.subjects.isEmpty else { return "\(number).png" }
        return "\(number)-\(subject(of: index)).png"
    }

    private func subject(of index: Int) -> String {
        let subject = description.subjects[index / description.repeats % description.subjects.count]
        let words = subject.lowercased().split { !$0.isLetter && !$0.isNumber }
        return String(words.joined(separator: "-").prefix(60))
    }

    /// Makes what is missing, `batch` images at once, each batch in one process alone.
    ///
    /// - Throws: `FileError`, and what the job is stopped by; what is made stays.
    func write(by maker: ImageMaker, batch: Int, _ context: JobContext) throws {
        let there = Set(try names(in: folder))
        var done = 0
        var counter: ProgressCounter?
        for first in stride(from: 0, to: description.count, by: batch) {
            let range = first..<min(first + batch, description.count)
            defer { done += range.count }
            let place = folder.appending(path: ".dmd-\(first)")
            guard !range.allSatisfy({ there.contains(name(of: $0)) }) else {
                FileClaim.removeAbandoned(on: place)
                continue
            }
            try context.check()
            guard let claim = try FileClaim(on: place) else { continue }
            let missing = range.filter { !FileManager.default.fileExists(atPath: file(of: $0).path) }
            if !missing.isEmpty {
                counter =
                    counter ?? context.counter("sample", total: description.count, done: done, unit: "image")
                let images = Image.images(from: maker(missing))
                let data = concurrently(images.count) { number in Result { try images[number].pngData() } }
                try writeAtomically(zip(data, missing).map { try ($0.get(), file(of: $1)) })
                counter?.update(range.upperBound)
            }
            claim.fulfil()
        }
        counter?.finish()
    }

    /// Where an image goes.
    func file(of index: Int) -> URL { folder.appending(path: name(of: index)) }

    /// Whether all are there; other processes may be at work on the last.
    var isComplete: Bool {
        get throws {
            let found = Set(try names(in: folder))
            return (0..<description.count).allSatisfy { found.contains(name(of: $0)) }
        }
    }
}

/// The images of a folder that is complete, as a set.
struct MadeImages: ImageDataset {
    private let files: ImageFiles
    let classCount: Int
    let labels: [Int]?

    init(files: ImageFiles, labels: (inTurn: [Int], count: Int)?) {
        self.files = files
        classCount = labels?.count ?? 0
        self.labels = labels.map { labels in
            (0..<files.description.count).map { labels.inTurn[$0 % labels.inTurn.count] }
        }
    }

    var count: Int { files.description.count }
    var imageShape: [Int] { files.description.shape }

    func images(at indices: [Int]) throws -> Tensor {
        .stacked(
            try indices.map { index in
                Tensor(try Image(contentsOf: files.file(of: index)).planes, shape: imageShape)
            })
    }

    /// All pixels, image by image and row by row.
    func pixels() throws -> Data {
        try (0..<count).reduce(into: Data()) { data, index in
            data += try Image(contentsOf: files.file(of: index)).pixels
        }
    }
}
