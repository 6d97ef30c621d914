// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// A token that is found in a text letter by letter, before words are made of the rest: the start, the end, the padding, and
/// whatever was added to a vocabulary later, as textual inversion does.
struct AddedToken: Equatable {
    var content: String
    /// Whether white space before it belongs to it.
    var takesSpaceBefore = false
    /// Whether white space after it belongs to it.
    var takesSpaceAfter = false
    /// Whether it counts only where no letter or digit touches it.
    var isSingleWord = false
    /// Whether it is looked for in the normalised text instead of the text as it is.
    var isNormalized = false
}

/// Cuts texts at added tokens. Of several that begin at one place the longest counts. The rules are those of the library
/// tokenizers.
struct AddedTokens: Sendable {
    /// A piece of a text.
    enum Part {
        case token(Int)
        /// Normalised scalars without any added token.
        case text(ArraySlice<Unicode.Scalar>)
    }

    private let plain: Patterns
    private let normalized: Patterns

    /// - Parameter tokens: the tokens with their numbers; of several with one content the last counts.
    init(_ tokens: [(token: AddedToken, number: Int)]) {
        let tokens = Dictionary(tokens.map { ($0.token.content, $0) }) { $1 }.values
        plain = Patterns(
            tokens.filter { !$0.token.isNormalized }.map { ($0, Array($0.token.content.unicodeScalars)) })
        normalized = Patterns(
            tokens.filter { $0.token.isNormalized }.map {
                ($0, normalizedScalars(of: $0.token.content.unicodeScalars))
            })
    }

    /// The tokens of a text and the normalised text between them.
    func parts(of text: String) -> [Part] {
        plain.pieces(of: Array(text.unicodeScalars)[...]).flatMap { piece in
            switch piece {
            case .token: [piece]
            case .text(let scalars): normalized.pieces(of: normalizedScalars(of: scalars)[...])
            }
        }
    }
}

/// What is looked for in one form of a text.
private struct Patterns: Sendable {
    private struct Pattern: Sendable {
        let scalars: [Unicode.Scalar]
        let token: AddedToken
        let number: Int
    }

    /// By their first scalar, the longest first.
    private var patterns: [Unicode.Scalar: [Pattern]] = [:]

    init(_ tokens: [(token: (token: AddedToken, number: Int), scalars: [Unicode.Scalar])]) {
        for (token, scalars) in tokens {
            guard let first = scalars.first else { continue }
            patterns[first, default: []].append(
                Pattern(scalars: scalars, token: token.token, number: token.number))
        }
        for first in patterns.keys {
            patterns[first]?.sort { $0.scalars.count > $1.scalars.count }
        }
    }

    func pieces(of text: ArraySlice<Unicode.Scalar>) -> [AddedTokens.Part] {
        var pieces: [AddedTokens.Part] = []
        var done = text.startIndex
        var index = text.startIndex
        while index < text.endIndex {
            guard
                let pattern = patterns[text[index]]?.first(where: { text[index...].starts(with: $0.scalars) })
            else {
                index += 1
                continue
            }
            let found = index..<index + pattern.scalars.count
            index = found.upperBound
            if pattern.token.isSingleWord, touchesWord(found, in: text) { continue }
            var (start, end) = (found.lowerBound, found.upperBound)
            if pattern.token.takesSpaceBefore {
                while start > done, text[start - 1].properties.isWhitespace { start -= 1 }
            }
            if pattern.token.takesSpaceAfter {
                while end < text.endIndex, text[end].properties.isWhitespace { end += 1 }
            }
            if done < start { pieces.append(.text(text[done..<start])) }
            pieces.append(.token(pattern.number))
            done = max(done, end)
            index = max(index, end)
        }
        if done < text.endIndex { pieces.append(.text(text[done...])) }
        return pieces
    }

    private func touchesWord(_ range: Range<Int>, in text: ArraySlice<Unicode.Scalar>) -> Bool {
        range.lowerBound > text.startIndex && text[range.lowerBound - 1].isOfWord
            || range.upperBound < text.endIndex && text[range.upperBound].isOfWord
    }
}

extension Unicode.Scalar {
    /// Whether it is part of a word in the sense of regular expressions (Unicode's UTS 18, annex C).
    fileprivate var isOfWord: Bool {
        if properties.isAlphabetic || properties.isJoinControl { return true }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
        default: return false
        }
    }
}
