// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// The words of a text as bytes of UTF-8, each of which is made tokens by itself.
func clipWords(of text: String) -> [[UInt8]] {
    clipWords(ofNormalized: normalizedScalars(of: text.unicodeScalars)[...])
}

/// The words of a normalised text, see ``normalizedScalars(of:)``.
///
/// These are, at every place the first that fits: the names of start and end, which are three words; the English endings
/// `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` and `'d`; a run of letters; a single number; a run of other signs. White space
/// parts words and is left out.
func clipWords(ofNormalized text: ArraySlice<Unicode.Scalar>) -> [[UInt8]] {
    var rest = text
    var words: [[UInt8]] = []
    while !rest.isEmpty {
        let lengths = wordLengths(rest)
        for length in lengths {
            var word = String.UnicodeScalarView()
            word.append(contentsOf: rest.prefix(length))
            words.append(Array(String(word).utf8))
            rest = rest.dropFirst(length)
        }
        if lengths.isEmpty { rest = rest.dropFirst() }
    }
    return words
}

/// A text composed, each run of white space one space, and in small letters, each by its own mapping, whatever stands beside
/// it.
func normalizedScalars(of text: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: text)
    var normalized: [Unicode.Scalar] = []
    for scalar in String(scalars).precomposedStringWithCanonicalMapping.unicodeScalars {
        guard scalar.properties.isWhitespace else {
            normalized += scalar.properties.lowercaseMapping.unicodeScalars
            continue
        }
        if normalized.last != " " { normalized.append(" ") }
    }
    return normalized
}

/// The names of start and end, and the endings, with the lengths of the words that each is.
private let fixedWords: [(scalars: [Unicode.Scalar], lengths: [Int])] =
    [CLIPTokenizer.startName, CLIPTokenizer.endName].map { name in
        (Array(name.unicodeScalars), [2, name.unicodeScalars.count - 4, 2])
    }
    + ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { ending in
        (Array(ending.unicodeScalars), [ending.unicodeScalars.count])
    }

/// The lengths of the words that the scalars begin with; none if they begin with white space.
private func wordLengths(_ scalars: ArraySlice<Unicode.Scalar>) -> [Int] {
    if let fixed = fixedWords.first(where: { scalars.starts(with: $0.scalars) }) { return fixed.lengths }
    guard let kind = scalars.first.map(Kind.init) else { return [] }
    switch kind {
    case .space: return []
    case .number: return [1]
    case .letter, .other: return [scalars.prefix { Kind($0) == kind }.count]
    }
}

private enum Kind {
    case space
    case letter
    case number
    case other

    init(_ scalar: Unicode.Scalar) {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            self = .letter
        case .decimalNumber, .letterNumber, .otherNumber: self = .number
        default: self = scalar.properties.isWhitespace ? .space : .other
        }
    }
}
