// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// The order in which training sees a set, epoch by epoch: each is a permutation of its own, named by seed, purpose and
/// epoch, of which any part can be told without the rest, in no memory.
///
/// The places of an epoch are numbers of an even count of bits, which a Feistel network of six rounds permutes; a result
/// that is no place goes through it again until it is one (cycle walking: Black and Rogaway 2002, section 3). With the
/// halves L and R of the bits and a key for each round,
///
///     (L, R) -> (R, L ^ mix(key ^ R))
public struct EpochOrder: Sendable {
    /// The size of the set.
    public let count: Int
    private let seed: UInt64
    /// The bits of a half.
    private let half: UInt64

    /// The orders of a set.
    ///
    /// - Parameters:
    ///   - count: the size of the set, at least 1.
    ///   - seed: the seed of the run.
    ///   - purpose: what the order is for.
    public init(count: Int, seed: UInt64, purpose: String) {
        precondition(count >= 1, "a set of \(count) has no order")
        self.count = count
        self.seed = mixed(mixed(seed) ^ hash(purpose))
        let bits = UInt64(Int.bitWidth - (count - 1).leadingZeroBitCount)
        half = max(1, (bits + 1) / 2)
    }

    /// The numbers in the set of what stands at some positions, which count on from one epoch to the next.
    public func callAsFunction(_ positions: Range<Int>) -> [Int] {
        positions.map { position in
            let (epoch, place) = position.quotientAndRemainder(dividingBy: count)
            var number = UInt64(place)
            repeat { number = permuted(number, epoch: UInt64(epoch)) } while number >= UInt64(count)
            return Int(number)
        }
    }

    private func permuted(_ number: UInt64, epoch: UInt64) -> UInt64 {
        let mask = (1 << half) - 1 as UInt64
        var (left, right) = (number >> half, number & mask)
        let key = mixed(seed ^ epoch)
        for round in 0..<6 as Range<UInt64> {
            (left, right) = (right, left ^ (mixed(key &+ (round << 32) ^ right) & mask))
        }
        return left << half | right
    }
}
