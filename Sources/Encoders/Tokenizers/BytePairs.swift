// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// A byte-pair encoding: of a word's neighbouring tokens, the pair that was learnt first is joined, again and again.
///
/// Source: Sennrich et al. 2016, section 3.2 (arXiv 1508.07909), on bytes instead of letters.
struct BytePairs: Sendable {
    private struct Pair: Hashable {
        let left: Int
        let right: Int
    }

    private struct Join {
        let rank: Int
        let token: Int
    }

    /// The token of a byte within a word, by the byte.
    private let inner: [Int]
    /// That of a word's last byte.
    private let last: [Int]
    private let joins: [Pair: Join]

    /// - Parameters:
    ///   - vocabulary: the number of each token by its text, in which a sign stands for each byte, see ``byteSigns``, and
    ///     `</w>` for the end of a word.
    ///   - merges: pairs of tokens in the order in which they were learnt.
    ///   - unknown: what stands for a byte that the vocabulary lacks.
    /// - Throws: ``UnknownToken`` for a pair with a token that the vocabulary lacks.
    init(vocabulary: [String: Int], merges: [(String, String)], unknown: Int) throws(UnknownToken) {
        func token(_ name: String) throws(UnknownToken) -> Int {
            guard let token = vocabulary[name] else { throw UnknownToken(name: name) }
            return token
        }
        inner = byteSigns.map { vocabulary[String($0)] ?? unknown }
        last = byteSigns.map { vocabulary["\($0)</w>"] ?? unknown }
        var joins: [Pair: Join] = [:]
        for (rank, (left, right)) in merges.enumerated() {
            let pair = Pair(left: try token(left), right: try token(right))
            let joined = try token(left + right)
            if joins[pair] == nil { joins[pair] = Join(rank: rank, token: joined) }
        }
        self.joins = joins
    }

    struct UnknownToken: Error {
        let name: String
    }

    /// The tokens of a word.
    func tokens(of word: [UInt8]) -> [Int] {
        guard let final = word.last else { return [] }
        var tokens = word.dropLast().map { inner[Int($0)] } + [last[Int(final)]]
        while let (pair, join) = firstLearnt(in: tokens) {
            var joined: [Int] = []
            joined.reserveCapacity(tokens.count)
            var index = 0
            while index < tokens.count {
                let isPair =
                    index + 1 < tokens.count && tokens[index] == pair.left && tokens[index + 1] == pair.right
                joined.append(isPair ? join.token : tokens[index])
                index += isPair ? 2 : 1
            }
            tokens = joined
        }
        return tokens
    }

    private func firstLearnt(in tokens: [Int]) -> (Pair, Join)? {
        var first: (Pair, Join)?
        for (left, right) in zip(tokens, tokens.dropFirst()) {
            let pair = Pair(left: left, right: right)
            guard let join = joins[pair], join.rank < first?.1.rank ?? .max else { continue }
            first = (pair, join)
        }
        return first
    }
}

/// The sign that stands for each byte in a vocabulary: the bytes that Latin-1 prints stand for themselves, the others, in
/// order, for the signs from U+0100 on. Source: Radford et al. 2019, section 2.2, and the vocabularies made since.
let byteSigns: [Character] = {
    var next: UInt32 = 0x100
    return (UInt32(0)...255).compactMap { byte in
        switch byte {
        case 0x21...0x7e, 0xa1...0xac, 0xae...0xff: return Unicode.Scalar(byte).map(Character.init)
        default:
            defer { next += 1 }
            return Unicode.Scalar(next).map(Character.init)
        }
    }
}()
