// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import OrderedCollections
public import Torch

/// What the samples of a batch are conditioned on: named tensors `[N, ...]`, one row for each sample.
public struct Condition: Sendable {
    /// The tensors by name.
    public var tensors: OrderedDictionary<String, Tensor>

    /// A condition of named tensors, at least one, all of as many rows.
    public init(_ tensors: OrderedDictionary<String, Tensor>) {
        precondition(
            Set(tensors.values.map { $0.shape.first ?? 0 }).count == 1,
            "a condition has rows, as many in each tensor")
        self.tensors = tensors
    }

    /// Classes as one-hot rows, `[N, classes]`.
    public static func classes(_ rows: Tensor) -> Condition { Condition(["classes": rows]) }

    /// Tokens that a network attends to, such as those of prompts, `[N, tokens, channels]`.
    public static func context(_ tokens: Tensor) -> Condition { Condition(["context": tokens]) }

    /// The rows of classes, if there are any.
    public var classes: Tensor? { tensors["classes"] }

    /// The tokens, if there are any.
    public var context: Tensor? { tensors["context"] }

    /// N.
    public var count: Int { tensors.values[0].shape[0] }

    /// The same on a device.
    public func to(_ device: Device) -> Condition { mapped { $0.to(device) } }

    /// The rows of the given numbers, a tensor of integers on the same device.
    public func indexed(by numbers: Tensor) -> Condition { mapped { $0.indexed(by: numbers) } }

    /// A single row repeated.
    public func expanded(to count: Int) -> Condition {
        mapped { $0.expanded(to: [count] + $0.shape.dropFirst()) }
    }

    /// Parts whose sizes differ by one at most, one after another.
    public func chunked(_ count: Int) -> [Condition] { split { $0.chunked(count) } }

    /// Parts of the given sizes, one after another.
    public func split(sizes: [Int]) -> [Condition] { split { $0.split(sizes: sizes) } }

    /// The rows of several conditions with the same names, one after another.
    public static func concatenated(_ parts: [Condition]) -> Condition {
        guard parts.count > 1 else { return parts[0] }
        return Condition(
            OrderedDictionary(
                uniqueKeysWithValues: parts[0].tensors.keys.map { name in
                    (name, .concatenated(parts.map { part in part[name] }))
                }))
    }

    private subscript(name: String) -> Tensor {
        guard let tensor = tensors[name] else { preconditionFailure("a condition lacks '\(name)'") }
        return tensor
    }

    private func mapped(_ body: (Tensor) -> Tensor) -> Condition { Condition(tensors.mapValues(body)) }

    private func split(_ body: (Tensor) -> [Tensor]) -> [Condition] {
        let parts = tensors.mapValues(body)
        return parts.values[0].indices.map { index in Condition(parts.mapValues { $0[index] }) }
    }
}

/// What a denoiser can be conditioned on.
public enum Conditioning: Equatable, Sendable {
    /// Nothing.
    case none
    /// One of so many classes, as ``Condition/classes``.
    case classes(Int)
    /// Tensors of these names.
    case named([String])
}

/// Applies `body` to a batch in parts, as `inParts(_:threads:_:)` of tensors does.
///
/// - Parameters:
///   - x: `[N, ...]`, N at least 1.
///   - condition: what each is conditioned on, or nothing.
///   - threads: how many parts there are at most.
///   - body: treats every element of a batch by itself; called from several threads at once.
/// - Returns: `[N, ...]`.
public func inParts(
    _ x: Tensor, given condition: Condition?, threads: Int = LibTorch.threads,
    _ body: @Sendable (Tensor, Condition?) -> Tensor
) -> Tensor {
    let parts = x.chunked(partCount(of: x, threads: threads))
    let conditions = condition?.chunked(parts.count)
    return .concatenated(
        concurrently(parts.count, threads: threads) { body(parts[$0], conditions?[$0]) })
}
