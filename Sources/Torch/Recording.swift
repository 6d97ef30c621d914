// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch
import Synchronization

/// What a function of tensors computes, operator by operator, in order: what it takes to write the function down for another
/// engine.
///
///     let (recording, output) = Recording.of { network(x) }
///
/// The function runs as always, on the calling thread; what it starts on others is not seen. All tensors stay in memory as long as
/// the recording does.
public struct Recording: Sendable {
    /// One call of an operator.
    public struct Step: Sendable {
        /// The operator's name, such as `aten::add.Tensor`, or ``Recording/groupNormSiLU``.
        public let name: String
        /// What it was called with.
        public let arguments: [Operator.Argument]
        /// What it returned.
        public let results: [Tensor]
    }

    /// The name of the step that ``Torch/groupNormSiLU(_:groups:weight:bias:epsilon:shift:)`` is, with its arguments in order.
    public static let groupNormSiLU = "groupNormSiLU"

    /// The calls in order.
    public let steps: [Step]
    /// Tensors whose elements were read by the program, and may have changed what came after.
    public let read: [Tensor]

    /// Runs a function and records it.
    public static func of<R>(_ body: () throws -> R) rethrows -> (recording: Recording, result: R) {
        let recorder = Recorder()
        let result = try Recorder.$current.withValue(recorder, operation: body)
        let (steps, read) = recorder.content.withLock { $0 }
        return (Recording(steps: steps, read: read), result)
    }
}

/// What keeps the calls of a task for a ``Recording``.
final class Recorder: Sendable {
    @TaskLocal static var current: Recorder?

    let content = Mutex<(steps: [Recording.Step], read: [Tensor])>(([], []))

    func called(_ name: String, _ arguments: [Operator.Argument], _ results: [Tensor]) {
        content.withLock { $0.steps.append(.init(name: name, arguments: arguments, results: results)) }
    }

    func read(_ tensor: Tensor) { content.withLock { $0.read.append(tensor) } }
}

extension Tensor {
    /// What tells a tensor from all others that are in memory, see ``isSame(as:)``.
    public var identity: UInt { UInt(bitPattern: raw.impl) }
}
