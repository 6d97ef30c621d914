// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
package import OrderedCollections

/// How a checkpoint differs from the module it was meant for.
public struct StateMismatch: LocalizedError, Equatable, CustomStringConvertible {
    /// A tensor of the right name and the wrong shape.
    public struct Shape: Sendable, Equatable {
        /// The tensor's path.
        public let path: String
        /// The shape it has in the module.
        public let expected: [Int]
        /// The shape it has in the checkpoint.
        public let found: [Int]

        /// Describes one difference.
        public init(path: String, expected: [Int], found: [Int]) {
            self.path = path
            self.expected = expected
            self.found = found
        }
    }

    /// The type of the module.
    public let module: String
    /// Paths that the module has and the checkpoint lacks.
    public let missing: [String]
    /// Paths that the checkpoint has and the module lacks.
    public let unexpected: [String]
    /// Tensors whose shapes differ.
    public let shapes: [Shape]

    var isEmpty: Bool { missing.isEmpty && unexpected.isEmpty && shapes.isEmpty }

    /// One sentence with the first names of each kind.
    public var description: String {
        var parts: [String] = []
        if !missing.isEmpty { parts.append("it lacks \(Self.list(missing))") }
        if !unexpected.isEmpty { parts.append("it has \(Self.list(unexpected)), unknown to the network") }
        if let first = shapes.first {
            let others = shapes.count > 1 ? " (and \(shapes.count - 1) more shapes differ)" : ""
            parts.append("\(first.path) has shape \(first.found) instead of \(first.expected)\(others)")
        }
        return "The weights do not fit \(module): \(parts.joined(separator: "; ")). "
            + "Use weights that were made for this architecture."
    }

    private static func list(_ paths: [String]) -> String {
        let shown = paths.prefix(3).joined(separator: ", ")
        return paths.count > 3 ? "\(shown) and \(paths.count - 3) more" : shown
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}

extension StateMismatch {
    /// Copies saved tensors into those of the same names, all of them or, when it throws, none.
    ///
    /// The tensors of `own` stay the same objects and keep their memory format, type and device.
    ///
    /// - Throws: ``StateMismatch`` if names or shapes differ.
    static func copy(
        _ saved: OrderedDictionary<String, Tensor>, into own: OrderedDictionary<String, Tensor>,
        of owner: String
    ) throws {
        try check(saved.mapValues(\.shape), against: own, of: owner)
        withoutGradients {
            for (path, tensor) in own {
                if let other = saved[path] { tensor.copy(from: other) }
            }
        }
    }

    /// - Throws: ``StateMismatch`` if saved names or shapes differ from those of `own`.
    package static func check(
        _ saved: OrderedDictionary<String, [Int]>, against own: OrderedDictionary<String, Tensor>,
        of owner: String
    ) throws {
        let mismatch = StateMismatch(
            module: owner,
            missing: own.keys.filter { saved[$0] == nil },
            unexpected: saved.keys.filter { own[$0] == nil },
            shapes: own.compactMap { path, tensor in
                guard let shape = saved[path], shape != tensor.shape else { return nil }
                return .init(path: path, expected: tensor.shape, found: shape)
            })
        guard mismatch.isEmpty else { throw mismatch }
    }
}
