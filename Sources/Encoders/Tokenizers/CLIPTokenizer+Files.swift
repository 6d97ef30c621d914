// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

extension CLIPTokenizer {
    /// Reads a tokenizer's folder: `vocab.json` and `merges.txt`, or `tokenizer.json`, which newer programs write instead.
    ///
    /// What fills short texts up is named by `tokenizer_config.json` or `special_tokens_map.json`, and is else the end.
    ///
    /// - Throws: ``TokenizerError``.
    public init(folder: URL) throws {
        let vocabulary = folder.appending(path: "vocab.json")
        let whole = folder.appending(path: "tokenizer.json")
        let source: Source
        if FileManager.default.fileExists(atPath: vocabulary.path) {
            source = Source(
                file: vocabulary.path, vocabulary: try decode([String: Int].self, from: vocabulary),
                merges: try merges(ofText: folder.appending(path: "merges.txt")))
        } else if FileManager.default.fileExists(atPath: whole.path) {
            source = Source(whole.path, try decode(TokenizerFile.self, from: whole))
        } else {
            throw TokenizerError.missing(folder: folder.path)
        }
        try self.init(source, padding: try paddingName(in: folder) ?? Self.endName)
    }

    private init(_ source: Source, padding: String) throws(TokenizerError) {
        func token(_ name: String) throws(TokenizerError) -> Int {
            guard let token = source.vocabulary[name] else {
                throw .malformed(file: source.file, reason: "it has no token '\(name)'")
            }
            return token
        }
        // Far more than any vocabulary has, and small enough for a table.
        guard let largest = source.vocabulary.values.max(), source.vocabulary.values.allSatisfy({ $0 >= 0 }),
            largest < 1 << 24
        else { throw .malformed(file: source.file, reason: "its tokens are not numbered from 0 on") }
        let end = try token(Self.endName)
        do {
            self.init(
                pairs: try BytePairs(
                    vocabulary: source.vocabulary, merges: source.merges, unknown: end),
                start: try token(Self.startName), end: end, padding: try token(padding),
                vocabularySize: largest + 1)
        } catch let unknown as BytePairs.UnknownToken {
            throw .malformed(
                file: source.file, reason: "a merge needs '\(unknown.name)', which is no token")
        } catch let error as TokenizerError {
            throw error
        } catch {
            throw .malformed(file: source.file, reason: "\(error)")
        }
    }
}

/// What a tokenizer is made of, from whichever files.
private struct Source {
    let file: String
    let vocabulary: [String: Int]
    let merges: [(String, String)]
}

extension Source {
    init(_ file: String, _ content: TokenizerFile) {
        var vocabulary = content.model.vocab
        for added in content.addedTokens ?? [] { vocabulary[added.content] = added.id }
        self.init(
            file: file, vocabulary: vocabulary, merges: content.model.merges.map { ($0.left, $0.right) })
    }
}

/// `tokenizer.json`, as far as it matters.
private struct TokenizerFile: Decodable {
    struct Model: Decodable {
        let vocab: [String: Int]
        let merges: [Merge]
    }

    struct Added: Decodable {
        let id: Int
        let content: String
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
private func merges(ofText url: URL) throws -> [(String, String)] {
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

/// The name of the token that fills short texts up, if a file tells it.
private func paddingName(in folder: URL) throws -> String? {
    struct Names: Decodable {
        /// A name, alone or in an object.
        struct Name: Decodable {
            let content: String

            init(from decoder: any Decoder) throws {
                if let name = try? decoder.singleValueContainer().decode(String.self) {
                    content = name
                } else {
                    content = try decoder.container(keyedBy: CodingKeys.self).decode(
                        String.self, forKey: .content)
                }
            }

            private enum CodingKeys: CodingKey { case content }
        }

        let padding: Name?

        private enum CodingKeys: String, CodingKey { case padding = "pad_token" }
    }
    for name in ["tokenizer_config.json", "special_tokens_map.json"] {
        let url = folder.appending(path: name)
        guard FileManager.default.fileExists(atPath: url.path) else { continue }
        if let padding = try decode(Names.self, from: url).padding { return padding.content }
    }
    return nil
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
