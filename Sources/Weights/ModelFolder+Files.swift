// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation

extension ModelFolder {
    /// The variants of the weights that the folder has, in order; the empty text stands for weights without one.
    package var variants: [String] { Set(candidates().map(\.variant)).sorted() }

    /// The files of weights: those of ``variant``, or else those without a variant; safetensors before PyTorch's.
    ///
    /// A variant, such as `fp16` or `non_ema`, stands before the ending, and in the name of an index before its ending or that of the
    /// weights. Where none is asked for and all weights have one, it may only be one.
    ///
    /// - Throws: ``ModelFolderError/severalVariants(folder:files:)``, ``ModelFolderError/noVariant(folder:variant:files:)``.
    func weightFiles() throws -> [StoredWeights] {
        try requireFolder()
        let candidates = candidates()
        let variants = Set(candidates.map(\.variant))
        let names = candidates.map(\.name).sorted()
        guard let only = variants.first else {
            throw ModelFolderError.noWeights(folder: url.path, name: "\(weightsName).safetensors")
        }
        let wanted = [variant, ""].compactMap(\.self).first(where: variants.contains)
        if wanted == nil, let variant {
            throw ModelFolderError.noVariant(folder: url.path, variant: variant, files: names)
        }
        guard wanted != nil || variants.count == 1 else {
            throw ModelFolderError.severalVariants(folder: url.path, files: names)
        }
        guard let chosen = candidates.first(where: { $0.variant == wanted ?? only }) else {
            preconditionFailure("a variant without a file")
        }
        let file = url.appending(path: chosen.name)
        return chosen.isIndex ? try shards(of: file) : [try StoredWeights(file)]
    }

    private struct Candidate {
        let name: String
        let variant: String
        let isIndex: Bool
    }

    /// What may be chosen among, the best kind first.
    private func candidates() -> [Candidate] {
        let found = ((try? names(in: url)) ?? []).sorted()
        let stems = [
            (weightsName, "safetensors"), (weightsName == "model" ? "pytorch_model" : weightsName, "bin"),
        ]
        return stems.flatMap { stem, ending in
            let forms: [(begin: String, end: String, isIndex: Bool)] = [
                (stem, ".\(ending)", false), ("\(stem).\(ending).index", ".json", true),
                (stem, ".\(ending).index.json", true),
            ]
            return forms.flatMap { begin, end, isIndex in
                found.compactMap { name -> Candidate? in
                    guard name.count >= begin.count + end.count, name.hasPrefix(begin), name.hasSuffix(end)
                    else { return nil }
                    let middle = name.dropFirst(begin.count).dropLast(end.count)
                    guard middle.isEmpty || Self.isVariant(middle) else { return nil }
                    return Candidate(name: name, variant: String(middle.dropFirst()), isIndex: isIndex)
                }
            }
        }
    }

    /// Whether a part of a file's name is a dot and a variant, and not the number of a file among several.
    private static func isVariant(_ text: Substring) -> Bool {
        text.wholeMatch(of: /\.[A-Za-z0-9_-]+/) != nil && text.firstMatch(of: /-\d{5}-of-\d{5}$/) == nil
    }

    private func shards(of index: URL) throws -> [StoredWeights] {
        struct Index: Decodable {
            let weightMap: [String: String]
            private enum CodingKeys: String, CodingKey { case weightMap = "weight_map" }
        }
        let map = try Self.decode(Index.self, from: index).weightMap
        let files = try Set(map.values).sorted().map { name in
            guard !name.contains("/") else {
                throw ModelFolderError.badSettings(
                    file: index.path, reason: "it names the file '\(name)', which is not in this folder")
            }
            return try StoredWeights(url.appending(path: name))
        }
        let found = Set(files.flatMap(\.names))
        if let missing = map.keys.sorted().first(where: { !found.contains($0) }) {
            throw ModelFolderError.badSettings(
                file: index.path, reason: "it promises the tensor '\(missing)', which no file holds")
        }
        return files
    }
}
