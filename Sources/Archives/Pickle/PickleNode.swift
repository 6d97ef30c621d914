// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// What a pickle's instructions make: everything that holds other things is a node, and things refer to nodes by their
/// numbers. So nothing is copied however often it is used, what refers to itself can be freed, and freeing what is nested
/// deeply needs no stack.
struct PickleNode: Sendable {
    enum Kind: Sendable {
        case list, tuple, set, dictionary, persistent
        case object(global: String, arguments: Int)
    }

    enum Item: Sendable {
        case none
        case bool(Bool)
        case int(Int)
        case bigInt(Data)
        case double(Double)
        case string(String)
        case bytes(Data)
        case global(String)
        case opaque(String)
        case node(Int)
    }

    let kind: Kind
    /// The elements of a list, tuple or set, what was appended to an object, or the parts of a persistent reference.
    var items: [Item] = []
    /// Keys and values in turn.
    var entries: [Item] = []
    var state = Item.none
}

/// The nodes of a pickle that has been read.
final class PickleNodes: Sendable {
    private let nodes: [PickleNode]

    init(_ nodes: [PickleNode]) { self.nodes = nodes }

    subscript(number: Int) -> PickleNode { nodes[number] }

    /// Every persistent reference.
    var references: [PickleItems] {
        nodes.indices.compactMap { number in
            guard case .persistent = nodes[number].kind else { return nil }
            return PickleItems(nodes: self, number: number)
        }
    }

    func value(_ item: PickleNode.Item) -> PickleValue {
        switch item {
        case .none: .none
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .bigInt(let bytes): .bigInt(bytes)
        case .double(let value): .double(value)
        case .string(let text): .string(text)
        case .bytes(let bytes): .bytes(bytes)
        case .global(let name): .global(name)
        case .opaque(let name): .opaque(name)
        case .node(let number): value(node: number)
        }
    }

    private func value(node number: Int) -> PickleValue {
        switch nodes[number].kind {
        case .list: .list(PickleItems(nodes: self, number: number))
        case .tuple: .tuple(PickleItems(nodes: self, number: number))
        case .set: .set(PickleItems(nodes: self, number: number))
        case .persistent: .persistent(PickleItems(nodes: self, number: number))
        case .dictionary: .dictionary(PickleEntries(nodes: self, number: number))
        case .object(let global, let arguments):
            .object(PickleObject(nodes: self, number: number, global: global, argumentsNumber: arguments))
        }
    }
}
