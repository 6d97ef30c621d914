// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Torch
import Weights

/// What a set of pairs is made of. Two sets with equal descriptions hold the same pairs.
public struct PairDescription: Codable, Equatable, Sendable {
    /// The type in which images are kept in a file; they are float32 in use.
    public enum Storage: String, Codable, Sendable, CaseIterable {
        case float32, float16

        var dtype: DType { self == .float32 ? .float32 : .float16 }
    }

    /// What the images of a text-conditional teacher are of.
    public struct Prompts: Codable, Equatable, Sendable {
        /// The number of prompts. Pair `i` is of prompt `i % count`.
        public var count: Int
        /// That of the ``ConditionSource``.
        public var fingerprint: String
        /// The weight of classifier-free guidance.
        public var guidance: Double

        /// The prompts of some conditions.
        public init(_ conditions: some ConditionSource, guidance: Double) {
            count = conditions.count
            fingerprint = conditions.fingerprint
            self.guidance = guidance
        }
    }

    /// The number of pairs.
    public var count: Int
    /// Names the noise of every pair, together with its index.
    public var seed: UInt64
    /// The shape of one sample, such as `[C, H, W]`.
    public var sampleShape: [Int]
    /// The number of classes, 0 for an unconditional teacher. Pair `i` is of class `i % classCount`.
    public var classCount: Int
    /// The prompts; nil for a teacher that knows none.
    public var prompts: Prompts?
    /// The teacher that made the images, as `fingerprint(of:)`.
    public var teacher: String
    /// The sampler and its settings in words, such as `heun, 18 steps`.
    public var sampler: String
    /// The type in which images are kept.
    public var storage: Storage
    /// Pairs in one file.
    public var shardSize: Int

    /// A description; see the properties. Sizes are at least 1.
    public init(
        count: Int, seed: UInt64, sampleShape: [Int], classCount: Int, prompts: Prompts? = nil,
        teacher: String, sampler: String, storage: Storage = .float16, shardSize: Int = 1_000
    ) {
        self.count = count
        self.seed = seed
        self.sampleShape = sampleShape
        self.classCount = classCount
        self.prompts = prompts
        self.teacher = teacher
        self.sampler = sampler
        self.storage = storage
        self.shardSize = shardSize
        precondition(isPossible, "a set of pairs has at least one pair, and one in a file")
    }

    /// Whether all sizes are in range.
    var isPossible: Bool {
        count >= 1 && shardSize >= 1 && classCount >= 0 && sampleShape.allSatisfy { $0 >= 1 }
            && prompts.map { $0.count >= 1 && classCount == 0 } ?? true
    }

    /// The number of files.
    var shardCount: Int { (count + shardSize - 1) / shardSize }

    /// The indices of the pairs in one file.
    func indices(ofShard shard: Int) -> Range<Int> { shard * shardSize..<min((shard + 1) * shardSize, count) }

    /// The noise of the given pairs, unit normal, `[N, ...]`. It is never stored: each is drawn anew from the
    /// stream of its index.
    public func noise(at indices: some Collection<Int>) -> Tensor {
        RandomStream.normals(at: indices, seed: seed, purpose: "pair.z", shape: sampleShape)
    }

    /// What the images of the given pairs are conditioned on; nil without conditions.
    ///
    /// - Parameters:
    ///   - indices: those of N pairs.
    ///   - conditions: the prompts; if not given, there are the classes alone.
    public func condition(at indices: some Collection<Int>, of conditions: (any ConditionSource)? = nil)
        -> Condition?
    {
        let classes = classCount == 0 ? nil : ClassConditions(count: classCount)
        guard let conditions: any ConditionSource = conditions ?? classes else { return nil }
        return conditions(indices.map { $0 % conditions.count })
    }

    /// The differences from another description, in words: what is there, and what is here.
    func differences(from other: PairDescription) -> [String] {
        func difference(_ name: String, _ there: String, _ here: String) -> String? {
            here == there ? nil : "\(name) is \(there) there and \(here) here"
        }
        func difference<Value: Equatable>(_ name: String, _ key: KeyPath<PairDescription, Value>) -> String? {
            difference(name, "\(other[keyPath: key])", "\(self[keyPath: key])")
        }
        func difference<Value: Equatable>(_ name: String, _ key: KeyPath<PairDescription, Value?>) -> String?
        {
            func text(_ value: Value?) -> String { value.map { "\($0)" } ?? "none" }
            return difference(name, text(other[keyPath: key]), text(self[keyPath: key]))
        }
        return [
            difference("count", \.count), difference("seed", \.seed), difference("the shape", \.sampleShape),
            difference("the number of classes", \.classCount),
            difference("the number of prompts", \.prompts?.count),
            difference("the prompts' fingerprint", \.prompts?.fingerprint),
            difference("the guidance", \.prompts?.guidance),
            difference("the teacher's fingerprint", \.teacher),
            difference("the sampler", \.sampler), difference("the type of images", \.storage.rawValue),
            difference("the size of a file", \.shardSize),
        ].compactMap(\.self)
    }
}
