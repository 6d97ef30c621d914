// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// What the files of a tokenizer's folder say, each of which may be missing and some of which may contradict others.
///
/// The precedence is that of transformers 5: `tokenizer.json` before `vocab.json` and `merges.txt`; where
/// `tokenizer_config.json` lists its added tokens (`added_tokens_decoder`), it alone tells them and the names of the special
/// ones, else `special_tokens_map.json` comes before it, and the added tokens are those of `added_tokens.json` and
/// `tokenizer.json`.
struct TokenizerFiles {
    /// The file that has the vocabulary.
    let file: String
    let vocabulary: [String: Int]
    let merges: [(String, String)]
    let start: AddedToken
    let end: AddedToken
    let unknown: AddedToken
    let padding: AddedToken
    /// The added tokens in the order of their numbers, then the special ones that are not among them, these four included. Of
    /// several with one content the last says how it is looked for.
    let added: [AddedToken]

    /// - Throws: ``TokenizerError``.
    init(folder: URL) throws {
        func read<T: Decodable>(_ type: T.Type, _ name: String) throws -> T? {
            let url = folder.appending(path: name)
            return FileManager.default.fileExists(atPath: url.path) ? try decode(type, from: url) : nil
        }
        let whole = try read(WholeFile.self, "tokenizer.json")
        if let whole {
            file = folder.appending(path: "tokenizer.json").path
            vocabulary = whole.model.vocab
            merges = whole.model.merges.map { ($0.left, $0.right) }
        } else if let vocabulary = try read([String: Int].self, "vocab.json") {
            file = folder.appending(path: "vocab.json").path
            self.vocabulary = vocabulary
            merges = try readMerges(folder.appending(path: "merges.txt"))
        } else {
            throw TokenizerError.missing(folder: folder.path)
        }
        // Far more than any vocabulary has, and small enough for a table.
        guard !vocabulary.isEmpty, vocabulary.values.allSatisfy({ 0..<1 << 24 ~= $0 }) else {
            throw TokenizerError.malformed(file: file, reason: "its tokens are not numbered from 0 on")
        }

        var names = try read(SpecialNames.self, "tokenizer_config.json") ?? SpecialNames()
        names.takeAdditionalAsExtra()
        var numbered = names.addedTokens ?? [:]
        if names.addedTokens == nil {
            if let map = try read(SpecialNames.self, "special_tokens_map.json") { names.merge(map) }
            let special = Set((names.roles.values + names.extra).map(\.content))
            for (content, number) in try read([String: Int].self, "added_tokens.json") ?? [:] {
                numbered[number] = AddedToken(content: content, isNormalized: !special.contains(content))
            }
            for token in whole?.addedTokens ?? [] { numbered[token.id] = token.token }
        }
        names.takeAdditionalAsExtra()
        let others = names.ofTheModel.sorted { $0.key < $1.key }.map(\.value) + names.extra
        let special = names.named + others
        let known = Set(vocabulary.keys).union((Array(numbered.values) + special).map(\.content))
        let roles = names.roles
        let file = self.file
        func role(_ key: String, else name: String) throws -> AddedToken {
            if let named = roles[key] { return named }
            guard known.contains(name) else {
                throw TokenizerError.malformed(file: file, reason: "it has no token '\(name)'")
            }
            return AddedToken(content: name)
        }
        start = try role("bos_token", else: CLIPTokenizer.startName)
        end = try role("eos_token", else: CLIPTokenizer.endName)
        unknown = try role("unk_token", else: CLIPTokenizer.endName)
        padding = try role("pad_token", else: CLIPTokenizer.endName)
        names.roles.merge([
            "bos_token": start, "eos_token": end, "unk_token": unknown, "pad_token": padding,
        ]) { $1 }
        let listed = Set(numbered.values.map(\.content))
        added =
            numbered.sorted { $0.key < $1.key }.map(\.value)
            + (names.named + others).filter { !listed.contains($0.content) }
    }
}

/// The names of special tokens in `tokenizer_config.json` or `special_tokens_map.json`.
private struct SpecialNames: Decodable {
    static let roleNames = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]

    var roles: [String: AddedToken] = [:]
    /// Those with names of the model's own, such as `image_token`.
    var ofTheModel: [String: AddedToken] = [:]
    /// Those without a name: `extra_special_tokens`, which older files call `additional_special_tokens`.
    var extra: [AddedToken] = []
    var additional: [AddedToken] = []
    /// What the vocabulary was enlarged by, if the file lists it.
    var addedTokens: [Int: AddedToken]?

    init() {}

    /// Those with roles, in their order.
    var named: [AddedToken] { Self.roleNames.compactMap { roles[$0] } }

    mutating func takeAdditionalAsExtra() {
        if extra.isEmpty { extra = additional }
        additional = []
    }

    /// Takes what another file says in the place of what this one does.
    mutating func merge(_ other: Self) {
        roles.merge(other.roles) { $1 }
        ofTheModel.merge(other.ofTheModel) { $1 }
        extra += other.extra.filter { !extra.contains($0) }
        additional = other.additional
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        func list(_ key: AnyKey) -> [AddedToken] {
            ((try? container.decode([ListedToken].self, forKey: key)) ?? []).map(\.special)
        }
        for key in container.allKeys {
            switch key.stringValue {
            case "added_tokens_decoder":
                addedTokens = try container.decodeIfPresent([Int: ListedToken].self, forKey: key)?
                    .mapValues(\.token)
            case "extra_special_tokens": extra = list(key)
            case "additional_special_tokens": additional = list(key)
            case let name where name.hasSuffix("_token"):
                guard let token = try? container.decode(ListedToken.self, forKey: key) else { continue }
                if Self.roleNames.contains(name) {
                    roles[name] = token.special
                } else {
                    ofTheModel[name] = token.special
                }
            default: continue
            }
        }
    }
}

/// A token in a file: its text alone, or an object.
private struct ListedToken: Decodable {
    var content: String
    var takesSpaceBefore = false
    var takesSpaceAfter = false
    var isSingleWord = false
    var isNormalized: Bool?
    var isSpecial = false

    /// The token; unless the file says otherwise, one that is not special is looked for in the normalised text.
    var token: AddedToken { token(isSpecial: isSpecial) }

    /// The token as a special one.
    var special: AddedToken { token(isSpecial: true) }

    private func token(isSpecial: Bool) -> AddedToken {
        AddedToken(
            content: content, takesSpaceBefore: takesSpaceBefore, takesSpaceAfter: takesSpaceAfter,
            isSingleWord: isSingleWord, isNormalized: isNormalized ?? !isSpecial)
    }

    init(from decoder: any Decoder) throws {
        if let content = try? decoder.singleValueContainer().decode(String.self) {
            self.content = content
            return
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func flag(_ key: CodingKeys) throws -> Bool {
            try container.decodeIfPresent(Bool.self, forKey: key) ?? false
        }
        content = try container.decode(String.self, forKey: .content)
        takesSpaceBefore = try flag(.takesSpaceBefore)
        takesSpaceAfter = try flag(.takesSpaceAfter)
        isSingleWord = try flag(.isSingleWord)
        isNormalized = try container.decodeIfPresent(Bool.self, forKey: .isNormalized)
        isSpecial = try flag(.isSpecial)
    }

    private enum CodingKeys: String, CodingKey {
        case content
        case takesSpaceBefore = "lstrip"
        case takesSpaceAfter = "rstrip"
        case isSingleWord = "single_word"
        case isNormalized = "normalized"
        case isSpecial = "special"
    }
}

private struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// `tokenizer.json`, as far as it matters.
private struct WholeFile: Decodable {
    struct Model: Decodable {
        let vocab: [String: Int]
        let merges: [Merge]
    }

    struct Added: Decodable {
        let id: Int
        let token: AddedToken

        init(from decoder: any Decoder) throws {
            id = try decoder.container(keyedBy: CodingKeys.self).decode(Int.self, forKey: .id)
            token = try ListedToken(from: decoder).token
        }

        private enum CodingKeys: CodingKey { case id }
    }

    /// Two tokens, in a list or with a space between them.
    struct Merge: Decodable {
        let left: String
        let right: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let parts =
                try (try? container.decode([String].self)) ?? tokens(of: container.decode(String.self)[...])
            guard parts.count == 2 else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "a merge is not of two tokens")
            }
            (left, right) = (parts[0], parts[1])
        }
    }

    let model: Model
    let addedTokens: [Added]?

    private enum CodingKeys: String, CodingKey {
        case model
        case addedTokens = "added_tokens"
    }
}

private func tokens(of line: Substring) -> [String] { line.split(separator: " ").map { String($0) } }

/// `merges.txt`: a line that names the version, then two tokens a line.
private func readMerges(_ url: URL) throws -> [(String, String)] {
    guard let text = String(data: try contents(of: url), encoding: .utf8) else {
        throw TokenizerError.malformed(file: url.path, reason: "it is not UTF-8")
    }
    return try text.split(whereSeparator: \.isNewline).enumerated().compactMap { index, line in
        if index == 0 && line.hasPrefix("#version") { return nil }
        let parts = tokens(of: line)
        guard parts.count == 2 else {
            throw TokenizerError.malformed(
                file: url.path, reason: "line \(index + 1) is '\(line.prefix(40))' instead of two tokens")
        }
        return (parts[0], parts[1])
    }
}

private func decode<T: Decodable>(_ type: T.Type, from url: URL) throws -> T {
    let data = try contents(of: url)
    do {
        return try JSONDecoder().decode(type, from: data)
    } catch {
        throw TokenizerError.malformed(file: url.path, reason: "its JSON is not a tokenizer's")
    }
}

private func contents(of url: URL) throws -> Data {
    do {
        return try Data(contentsOf: url)
    } catch {
        throw TokenizerError.unreadable(file: url.path, reason: error.localizedDescription)
    }
}
