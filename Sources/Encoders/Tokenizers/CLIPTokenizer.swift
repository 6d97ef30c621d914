// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// Text as the whole numbers that CLIP's text encoders read: byte-pair encoding of lower-case words.
///
/// Text is composed (Unicode's NFC), its white space shrunk and its letters made small; it is cut into words, single digits
/// and runs of other signs; the bytes of each are joined to tokens. Source: Radford et al. 2021, section 2.4 (arXiv
/// 2103.00020); Sennrich et al. 2016 (arXiv 1508.07909). The numbers are those of `CLIPTokenizer` in transformers.
///
/// ```swift
/// let tokenizer = try CLIPTokenizer(folder: folder.appending(path: "tokenizer"))
/// let prompt = tokenizer.prompt("a photo of a cat")  // 49406 320 1125 539 320 2368 49407 49407 ...
/// ```
public struct CLIPTokenizer: Sendable {
    /// The token before every text, `<|startoftext|>`.
    public let start: Int
    /// The token after every text, `<|endoftext|>`; it also stands for what the vocabulary lacks.
    public let end: Int
    /// What fills a short text up: the end in Stable Diffusion 1, `!` in Stable Diffusion 2.
    public let padding: Int
    /// One more than the largest token.
    public let vocabularySize: Int

    private let pairs: BytePairs

    init(pairs: BytePairs, start: Int, end: Int, padding: Int, vocabularySize: Int) {
        self.pairs = pairs
        self.start = start
        self.end = end
        self.padding = padding
        self.vocabularySize = vocabularySize
    }

    /// The tokens of a text alone, without start, end and padding.
    ///
    /// The names of the start and the end, where a text has them letter by letter, are those tokens.
    public func tokens(of text: String) -> [Int] {
        var cache: [[UInt8]: [Int]] = [:]
        return parts(of: text).flatMap { part in
            switch part {
            case .token(let token): [token]
            case .text(let text):
                clipWords(of: text).flatMap { word in
                    if let known = cache[word] { return known }
                    let tokens = pairs.tokens(of: word)
                    cache[word] = tokens
                    return tokens
                }
            }
        }
    }

    /// A text as an encoder takes it: the start, the tokens as far as there is room, the end, and padding.
    ///
    /// - Parameters:
    ///   - text: any text.
    ///   - length: how many tokens the encoder takes, at least 2; 77 for all published ones.
    public func prompt(_ text: String, length: Int = 77) -> TokenizedPrompt {
        precondition(length >= 2, "\(length) tokens have no room for a start and an end")
        let all = tokens(of: text)
        let kept = all.prefix(length - 2)
        let fill = [Int](repeating: padding, count: length - 2 - kept.count)
        return TokenizedPrompt(tokens: [start] + kept + [end] + fill, droppedCount: all.count - kept.count)
    }

    private enum Part {
        case token(Int)
        case text(Substring)
    }

    /// The text between the names of the start and the end, and these.
    private func parts(of text: String) -> [Part] {
        var parts: [Part] = []
        var rest = text[...]
        while let (range, token) = firstName(in: rest) {
            parts += [.text(rest[..<range.lowerBound]), .token(token)]
            rest = rest[range.upperBound...]
        }
        return parts + [.text(rest)]
    }

    private func firstName(in text: Substring) -> (Range<String.Index>, token: Int)? {
        [(Self.startName, start), (Self.endName, end)]
            .compactMap { name, token in literalRange(of: name, in: text).map { ($0, token) } }
            .min { $0.0.lowerBound < $1.0.lowerBound }
    }

    static let startName = "<|startoftext|>"
    static let endName = "<|endoftext|>"
}

/// A prompt of as many tokens as an encoder takes.
public struct TokenizedPrompt: Sendable, Equatable {
    /// Start, text, end and padding.
    public let tokens: [Int]
    /// How many tokens of the text's end found no room, and are ignored; 0 for most texts.
    public let droppedCount: Int
}

/// Where the scalars of `name` come one after the other. Characters would not do: a sign may be joined to the last one.
private func literalRange(of name: String, in text: Substring) -> Range<String.Index>? {
    text.unicodeScalars.firstRange(of: name.unicodeScalars)
}
