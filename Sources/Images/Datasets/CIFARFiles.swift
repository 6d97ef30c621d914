// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Files
import Foundation

/// The files of one split of CIFAR-10, read from a folder, an archive or one file.
struct CIFARFiles {
    /// What errors call the whole.
    let place: String
    private let contents: [String: Data]
    private let names: [String]

    private static let ending = ".bin"
    private static let namesFiles = ["batches.meta", "batches.meta.txt"]

    private static func batchNames(of split: DatasetSplit) -> [String] {
        split == .train ? (1...5).map { "data_batch_\($0)" } : ["test_batch"]
    }

    /// Whether a folder holds a batch of either split.
    static func canOpen(folder: URL) -> Bool {
        DatasetSplit.allCases.flatMap(batchNames).flatMap { [$0, $0 + ending] }.contains {
            FileManager.default.fileExists(atPath: folder.appendingPathComponent($0).path)
        }
    }

    /// Whether a file is an archive, as IDX files never are, or one batch by its name.
    static func canOpen(_ file: Data, at url: URL) -> Bool {
        let isZipped = file.starts(with: gzipSignature)
        let start = isZipped ? try? gunzip(file, atMost: 512, named: url.path).contents : file.prefix(512)
        return start.map(isTar) == true || url.lastPathComponent.hasSuffix(ending)
    }

    init(at url: URL, split: DatasetSplit) throws {
        place = url.path
        let wanted = Self.batchNames(of: split)
        if try isExistingFolder(url) {
            let names = try FileManager.default.contentsOfDirectory(atPath: url.path)
            contents = try Self.wanted(names, wanted).reduce(into: [:]) { contents, name in
                contents[name] = try readFile(url.appendingPathComponent(name))
            }
        } else if url.lastPathComponent.hasSuffix(Self.ending) {
            contents = [url.lastPathComponent: try readFile(url)]
            names = [url.lastPathComponent]
            return
        } else {
            let file = try readFile(url)
            let members = try archived { () throws(ArchiveError) in
                try readTar(file, named: url.path) { !Self.wanted([Self.lastPart(of: $0)], wanted).isEmpty }
            }
            contents = Dictionary(members.map { (Self.lastPart(of: $0.key), $0.value) }) { first, _ in first }
        }
        let found = contents
        names = try wanted.map { name in
            guard let found = [name + Self.ending, name].first(where: { found[$0] != nil }) else {
                throw ImageError.notADataset(
                    file: url.path,
                    reason: "the \(split.rawValue) images, \(name)\(Self.ending) or \(name), are missing")
            }
            return found
        }
    }

    func batches() throws -> [CIFARBatch] {
        try names.map { name in
            let data = contents[name] ?? Data()
            let title = name == URL(fileURLWithPath: place).lastPathComponent ? place : "\(place): \(name)"
            return name.hasSuffix(Self.ending)
                ? try CIFARBatch(binary: data, named: title) : try CIFARBatch(pickled: data, named: title)
        }
    }

    /// The names of the classes: lines of a text, or `label_names` in a pickled dictionary.
    func classNames() throws -> [String]? {
        if let text = contents["batches.meta.txt"] {
            return String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
        }
        guard let data = contents["batches.meta"] else { return nil }
        let title = "\(place): batches.meta"
        let pickle = try archived { () throws(ArchiveError) in
            try Pickle(data, named: title, globals: NumPyArray.globals)
        }
        return pickle.value.entries?["label_names"]?.items?.compactMap(\.text)
    }

    private static func wanted(_ names: [String], _ batches: [String]) -> [String] {
        names.filter { (batches + batches.map { $0 + ending } + namesFiles).contains($0) }
    }

    private static func lastPart(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }
}
