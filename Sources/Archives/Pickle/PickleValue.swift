// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// A Python value as a pickle describes it: plain data, and objects that nobody has made.
public enum PickleValue: Sendable {
    /// `None`
    case none
    /// `True` or `False`
    case bool(Bool)
    /// A whole number.
    case int(Int)
    /// A whole number of more than eight bytes, as its two's complement, little-endian.
    case bigInt(Data)
    /// A floating-point number.
    case double(Double)
    /// A text.
    case string(String)
    /// Bytes, a slice of the file wherever they lie in it as they are; also a text of Python 2.
    case bytes(Data)
    /// A list.
    case list(PickleItems)
    /// A tuple.
    case tuple(PickleItems)
    /// A set.
    case set(PickleItems)
    /// A dictionary.
    case dictionary(PickleEntries)
    /// A function or class, such as `torch.FloatStorage`, one of those that the reader allowed.
    case global(String)
    /// A function or class that the reader does not know, or what it would make, of which nothing is kept.
    case opaque(String)
    /// What a global would make of some arguments.
    case object(PickleObject)
    /// Something outside of the pickle: the parts of the tuple that refers to it, or the one thing that does.
    case persistent(PickleItems)

    /// The text of a string, or of bytes that are UTF-8.
    public var text: String? {
        switch self {
        case .string(let text): text
        case .bytes(let bytes): String(validating: bytes, as: UTF8.self)
        default: nil
        }
    }

    /// Bytes as they are, or, the way in which Python 3 writes them in protocols before 3, as a text in Latin-1, or as a call of
    /// `bytes` if there are none; nil for what is not one of these.
    package var byteString: Data? {
        if case .bytes(let bytes) = self { return bytes }
        guard let object else { return nil }
        if object.global.hasSuffix(".bytes") { return object.arguments.isEmpty ? Data() : nil }
        guard object.global == "_codecs.encode", object.arguments.count == 2,
            case .string(let text) = object.arguments[0], object.arguments[1].text == "latin1"
        else { return nil }
        let scalars = text.unicodeScalars
        guard scalars.allSatisfy({ $0.value < 0x100 }) else { return nil }
        return Data(scalars.map { UInt8($0.value) })
    }

    /// The whole number, if it is one of at most eight bytes.
    public var int: Int? { if case .int(let value) = self { value } else { nil } }

    /// The object, if it is one.
    public var object: PickleObject? { if case .object(let object) = self { object } else { nil } }

    /// The elements of a list, tuple or set.
    public var items: PickleItems? {
        switch self {
        case .list(let items), .tuple(let items), .set(let items): items
        default: nil
        }
    }

    /// The entries of a dictionary, or those set on an object that stands for one, such as an `OrderedDict`.
    public var entries: PickleEntries? {
        switch self {
        case .dictionary(let entries): entries
        case .object(let object): object.entries
        default: nil
        }
    }

    /// The value of a dictionary's entry.
    public subscript(name: String) -> PickleValue? { entries?[name] }
}

/// The elements of a list, tuple or set. They may lead back to itself: whoever follows them counts the levels.
public struct PickleItems: RandomAccessCollection, Sendable {
    let nodes: PickleNodes
    let number: Int

    /// 0.
    public var startIndex: Int { 0 }
    /// How many there are.
    public var endIndex: Int { nodes[number].items.count }
    /// The element at a position.
    public subscript(index: Int) -> PickleValue { nodes.value(nodes[number].items[index]) }
}

/// The entries of a dictionary, in the order in which they were set; a key may come twice, and the last counts.
public struct PickleEntries: RandomAccessCollection, Sendable {
    let nodes: PickleNodes
    let number: Int

    /// 0.
    public var startIndex: Int { 0 }
    /// How many there are.
    public var endIndex: Int { nodes[number].entries.count / 2 }
    /// The entry at a position.
    public subscript(index: Int) -> (key: PickleValue, value: PickleValue) {
        let entries = nodes[number].entries
        return (nodes.value(entries[2 * index]), nodes.value(entries[2 * index + 1]))
    }

    /// The value of the last entry whose key is this text.
    public subscript(name: String) -> PickleValue? { last { $0.key.text == name }?.value }
}

/// What a pickle says of an object. Nothing was called to make it.
public struct PickleObject: Sendable {
    let nodes: PickleNodes
    let number: Int

    /// The function or class that would be called, such as `collections.OrderedDict`.
    public let global: String
    let argumentsNumber: Int

    /// Tells objects of one pickle apart: the same number is the same object.
    public var identity: Int { number }
    /// The arguments of the call.
    public var arguments: PickleItems { PickleItems(nodes: nodes, number: argumentsNumber) }
    /// What would be handed to `__setstate__`, or become the object's attributes.
    public var state: PickleValue { nodes.value(nodes[number].state) }
    /// What would be appended to it.
    public var items: PickleItems { PickleItems(nodes: nodes, number: number) }
    /// What would be set as its entries.
    public var entries: PickleEntries { PickleEntries(nodes: nodes, number: number) }
}
