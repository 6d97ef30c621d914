// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation
import Models

/// A whole model of Stable Diffusion in one file, in the place of a folder. The folder is made of it once, in the user's cache:
/// `XDG_CACHE_HOME/dmd/models/`, or `~/.cache/dmd/models/`.
struct SingleFileModel {
    private let file: URL
    private let version: Int

    /// Nil for a folder, for nothing, and for another file.
    init?(_ place: URL) {
        guard FileManager.default.fileExists(atPath: place.path), !isFolder(place),
            let version = try? singleFileVersion(place)
        else { return nil }
        (file, self.version) = (place, version)
    }

    /// The folder of the model.
    ///
    /// - Parameters:
    ///   - tokenizer: the folder of its tokenizer; nil for one that is found, see ``tokenizerPlaces``.
    ///   - tell: hears that the folder is made.
    /// - Throws: ``KitError`` without a tokenizer, and what reading and writing throws.
    func folder(
        tokenizer: URL?, tell: (String) -> Void = { _ in }, warn: (String) -> Void = { _ in }
    ) throws -> URL {
        guard let tokenizer = tokenizer ?? tokenizerPlaces.first(where: Self.hasTokenizer) else {
            throw KitError(
                """
                \(file.relativePath) has no tokenizer, as no model in one file does, and none is at \
                \(tokenizerPlaces[0].relativePath) nor in \(tokenizerPlaces[1].path): give --tokenizer with the folder of CLIP's \
                tokenizer or of another model of Stable Diffusion \(version), or put the former there.
                """)
        }
        let folder = try place(tokenizer)
        guard !FileManager.default.fileExists(atPath: folder.path) else { return folder }
        try makeFolder(folder.deletingLastPathComponent())
        tell("\(file.relativePath) becomes a folder once, in \(folder.path).")
        try unpackSingleFile(file, tokenizer: tokenizer, to: folder, warn: warn)
        return folder
    }

    /// Other contents of the file, or another tokenizer, are another folder.
    private func place(_ tokenizer: URL) throws -> URL {
        let values = try FileManager.default.attributesOfItem(atPath: file.resolvingSymlinksInPath().path)
        let size = values[.size] as? Int ?? 0
        let time = (values[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        let identity =
            "\(file.standardizedFileURL.path)\n\(size)\n\(time)\n\(tokenizer.standardizedFileURL.path)"
        let name = file.deletingPathExtension().lastPathComponent
        return DataFiles.userCache.appending(
            path: "dmd/models/\(name)-\(sha256(Data(identity.utf8)).prefix(12))", directoryHint: .isDirectory)
    }

    /// Beside the file, in the user's data folder, and in Hugging Face's cache.
    private var tokenizerPlaces: [URL] {
        let isFirst = version == 1
        let own = isFirst ? "clip-vit-large-patch14" : "stable-diffusion-2"
        let repositories =
            isFirst
            ? [
                "openai--clip-vit-large-patch14", "stable-diffusion-v1-5--stable-diffusion-v1-5",
                "runwayml--stable-diffusion-v1-5", "CompVis--stable-diffusion-v1-4",
            ]
            : [
                "stabilityai--stable-diffusion-2-1", "stabilityai--stable-diffusion-2-1-base",
                "stabilityai--stable-diffusion-2",
            ]
        let snapshots = repositories.flatMap { repository in
            let folder = DataFiles.hubCache.appending(path: "models--\(repository)/snapshots")
            return ((try? names(in: folder)) ?? []).sorted().map { folder.appending(path: $0) }
        }
        return [
            file.deletingLastPathComponent().appending(path: "tokenizer"),
            DataFiles.userData.appending(path: "dmd/tokenizers/\(own)"),
        ] + snapshots
    }

    private static func hasTokenizer(_ folder: URL) -> Bool {
        ["", "tokenizer/"].contains { part in
            ["vocab.json", "tokenizer.json"].contains {
                FileManager.default.fileExists(atPath: folder.appending(path: part + $0).path)
            }
        }
    }
}

/// The folder of a model of Stable Diffusion that is given as one, or as a file of a whole model.
///
/// - Throws: as ``SingleFileModel/folder(tokenizer:tell:warn:)``; ``SettingError`` for a tokenizer beside something else.
func modelFolder(_ place: URL, tokenizer: URL?, _ context: JobContext) throws -> URL {
    guard let model = SingleFileModel(place) else {
        try refuseTokenizer(tokenizer)
        return place
    }
    return try model.folder(
        tokenizer: tokenizer, tell: { context.tell(.message($0)) }, warn: { context.warn($0) })
}

/// - Throws: ``SettingError`` for a tokenizer that nothing needs.
func refuseTokenizer(_ tokenizer: URL?) throws {
    try refuse(
        ["tokenizer": tokenizer],
        "is for a whole model of Stable Diffusion in one file, of which there is none")
}
