// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch

/// Random numbers that are named instead of remembered.
///
/// Every draw of a run comes from the stream named by (seed, purpose, step, index). A stream made again gives
/// the same numbers again, so a resumed run needs no saved generator, a pair's noise can be made from its
/// index, and what one purpose draws never shifts what another one gets. Where the index is that of a sample in its
/// batch, threads and processes may share out the batch without changing it. Numbers are drawn on the CPU and
/// then moved, so they are the same for every device. They depend on the shapes drawn: two draws of eight are
/// not one draw of sixteen.
///
/// ```swift
/// var stream = RandomStream(seed: 7, purpose: "generator noise", step: step)
/// let z = stream.normal([64, 3, 32, 32], device: device)
/// ```
public struct RandomStream: ~Copyable {
    private let generator: ct_generator

    /// The stream of this name, at its beginning.
    ///
    /// - Parameters:
    ///   - seed: the seed of the whole run.
    ///   - purpose: what the numbers are for, such as `generator noise`.
    ///   - step: which of many uses: the training step, or the index of a pair.
    ///   - index: which sample of a batch.
    public init(seed: UInt64, purpose: String, step: Int = 0, index: Int = 0) {
        let state = name(seed: seed, purpose: purpose, step: step, index: index)
        var generator = ct_generator(impl: nil)
        check(ct_generator_new(&generator, state), "a random stream")
        self.generator = generator
    }

    deinit { ct_generator_free(generator) }

    /// Independent draws from the normal distribution with mean 0 and variance 1.
    ///
    /// - Parameters:
    ///   - shape: that of the result.
    ///   - dtype: a floating-point type; types narrower than float32 round the float32 draws.
    ///   - device: where the result is moved.
    public mutating func normal(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        reals(CT_NORMAL, shape, dtype, device)
    }

    /// Unit normal draws for some numbers, each from the stream of its own that has the number as its step: what a number
    /// gets depends on no other.
    ///
    /// - Parameters:
    ///   - numbers: N steps, such as the indices of pairs.
    ///   - seed: the seed of the streams.
    ///   - purpose: what the draws are for.
    ///   - shape: that of the draws for one number.
    /// - Returns: `[N, shape...]`, float32 on the CPU.
    public static func normals(
        at numbers: some Collection<Int>, seed: UInt64, purpose: String, shape: [Int]
    ) -> Tensor {
        .stacked(
            numbers.map { number in
                var stream = RandomStream(seed: seed, purpose: purpose, step: number)
                return stream.normal(shape)
            })
    }

    /// Independent draws from the uniform distribution on [0, 1).
    ///
    /// - Parameters:
    ///   - shape: that of the result.
    ///   - dtype: a floating-point type; types narrower than float32 round the float32 draws, possibly to 1.
    ///   - device: where the result is moved.
    public mutating func uniform(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        reals(CT_UNIFORM, shape, dtype, device)
    }

    /// Independent draws from 0, 1, ..., `bound - 1`, all equally likely, as int64.
    ///
    /// - Parameters:
    ///   - bound: at least 1.
    ///   - shape: that of the result.
    ///   - device: where the result is moved.
    public mutating func integers(below bound: Int, shape: [Int], device: Device = .cpu) -> Tensor {
        precondition(bound > 0, "there is no integer below \(bound) to draw")
        return draw(CT_INTEGERS, bound: bound, shape, .int64, device)
    }

    /// The numbers 0, 1, ..., `count - 1` in random order, as an int64 vector.
    public mutating func permutation(_ count: Int, device: Device = .cpu) -> Tensor {
        precondition(count >= 0, "a permutation cannot have \(count) elements")
        return draw(CT_PERMUTATION, bound: count, [count], .int64, device)
    }

    private mutating func reals(
        _ distribution: ct_distribution, _ shape: [Int], _ dtype: DType, _ device: Device
    ) -> Tensor {
        precondition(dtype.isFloatingPoint, "real numbers cannot be drawn as \(dtype)")
        let drawn: DType = dtype == .float64 ? .float64 : .float32
        return draw(distribution, bound: 0, shape, drawn, device).to(dtype)
    }

    private mutating func draw(
        _ distribution: ct_distribution, bound: Int, _ shape: [Int], _ dtype: DType, _ device: Device
    ) -> Tensor {
        var result = ct_tensor(impl: nil)
        let sizes = shape.map(Int64.init)
        check(
            ct_generator_draw(
                &result, generator, distribution, Int64(bound), sizes, Int64(sizes.count), dtype.rawValue),
            "drawing random \(dtype) numbers of shape \(shape)")
        return Tensor(owning: result).to(device)
    }
}

extension RandomStream {
    /// Unit normal draws for the samples of a batch, each from the stream of its index.
    ///
    /// - Parameters:
    ///   - indices: those of the N samples in the whole batch.
    ///   - seed: the seed of the streams.
    ///   - purpose: what the draws are for.
    ///   - step: the step that the batch belongs to.
    ///   - shape: that of the draws for one sample.
    ///   - device: where the result is moved.
    /// - Returns: `[N, shape...]`, float32.
    public static func normals(
        _ indices: some Collection<Int>, seed: UInt64, purpose: String, step: Int, shape: [Int],
        device: Device = .cpu
    ) -> Tensor {
        .stacked(
            indices.map { index in
                var stream = RandomStream(seed: seed, purpose: purpose, step: step, index: index)
                return stream.normal(shape)
            }
        ).to(device)
    }

    /// A draw from 0, 1, ..., `bound - 1`, all equally likely up to 1 in 2^64, for each sample of a batch.
    ///
    /// - Parameters:
    ///   - bound: at least 1.
    ///   - indices: those of the samples in the whole batch.
    ///   - seed: the seed of the streams.
    ///   - purpose: what the draws are for.
    ///   - step: the step that the batch belongs to.
    /// - Returns: one number for each index.
    public static func integers(
        below bound: Int, _ indices: some Collection<Int>, seed: UInt64, purpose: String, step: Int
    ) -> [Int] {
        precondition(bound > 0, "there is no integer below \(bound) to draw")
        return indices.map { index in
            let word = name(seed: seed, purpose: purpose, step: step, index: index)
            return Int(UInt64(bound).multipliedFullWidth(by: word).high)
        }
    }
}

/// 64 bits that tell a stream from all others.
private func name(seed: UInt64, purpose: String, step: Int, index: Int) -> UInt64 {
    var state = mixed(seed)
    state = mixed(state ^ hash(purpose))
    state = mixed(state ^ UInt64(bitPattern: Int64(step)))
    return mixed(state ^ UInt64(bitPattern: Int64(index)))
}

/// FNV-1a, the 64-bit hash of Fowler, Noll and Vo: the same in every process, as Swift's own hash is not.
func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}

/// One output of SplitMix64 (Steele, Lea and Flood 2014): flipping any bit of `value` flips each bit of the
/// result with probability one half.
func mixed(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
}
