// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// Text as the whole numbers that CLIP's text encoders read: byte-pair encoding of lower-case words.
///
/// Added tokens, start, end and padding among them, are found letter by letter. The rest is composed (Unicode's NFC), its white space shrunk and its letters made small; it is cut into words, single digits
/// and runs of other signs; the bytes of each are joined to tokens. Source: Radford et al. 2021, section 2.4 (arXiv
/// 2103.00020); Sennrich et al. 2016 (arXiv 1508.07909). The numbers are those of `CLIPTokenizer` in transformers.
///
/// ```swift
/// let tokenizer = try CLIPTokenizer(folder: folder.appending(path: "tokenizer"))
/// let prompt = tokenizer.prompt("a photo of a cat")  // 49406 320 1125 539 320 2368 49407 49407 ...
/// ```
public struct CLIPTokenizer: Sendable {
    /// The token before every text, `<|startoftext|>` unless the files name another.
    public let start: Int
    /// The token after every text, `<|endoftext|>` unless the files name another.
    public let end: Int
    /// What fills a short text up: the end in Stable Diffusion 1, `!` in Stable Diffusion 2.
    public let padding: Int
    /// One more than the largest token.
    public let vocabularySize: Int

    private let pairs: BytePairs
    private let added: AddedTokens

    init(pairs: BytePairs, added: AddedTokens, start: Int, end: Int, padding: Int, vocabularySize: Int) {
        self.pairs = pairs
        self.added = added
        self.start = start
        self.end = end
        self.padding = padding
        self.vocabularySize = vocabularySize
    }

    /// The tokens of a text alone, without start, end and padding.
    ///
    /// An added token, where a text has it letter by letter, is that token; so are the names of the start, the end and the
    /// padding.
    public func tokens(of text: String) -> [Int] {
        var cache: [[UInt8]: [Int]] = [:]
        return added.parts(of: text).flatMap { part in
            switch part {
            case .token(let token): [token]
            case .text(let text):
                clipWords(ofNormalized: text).flatMap { word in
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
