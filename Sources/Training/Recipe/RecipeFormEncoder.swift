// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import OrderedCollections
import Yams

/// Encodes a recipe into its form. Unlike the encoders of data formats it also hears of the fields that are nil.
final class RecipeFormEncoder: Encoder {
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]
    fileprivate var members: OrderedDictionary<String, RecipeForm> = [:]

    /// The form of a recipe or of a section of one.
    static func form(of section: some Encodable) -> RecipeForm {
        let encoder = RecipeFormEncoder()
        do {
            try section.encode(to: encoder)
        } catch {
            preconditionFailure("\(type(of: section)) does not encode: \(error)")
        }
        return .section(encoder.members)
    }

    func container<Key>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(Fields<Key>(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        unsupported()
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        unsupported()
    }
}

/// Receives the fields of one section.
private struct Fields<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: RecipeFormEncoder
    let codingPath: [any CodingKey] = []

    func encode<T: Encodable>(_ value: T, forKey key: Key) {
        encoder.members[key.stringValue] =
            RecipeValueKind(T.self).map { .value($0, RecipeValueKind.node(of: value)) }
            ?? RecipeFormEncoder.form(of: value)
    }

    func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) { encodeOptional(value, key) }

    // For these types the standard library has implementations of its own, which would leave nil out.
    func encodeIfPresent(_ value: Bool?, forKey key: Key) { encodeOptional(value, key) }
    func encodeIfPresent(_ value: String?, forKey key: Key) { encodeOptional(value, key) }
    func encodeIfPresent(_ value: Double?, forKey key: Key) { encodeOptional(value, key) }
    func encodeIfPresent(_ value: Float?, forKey key: Key) { encodeOptional(value, key) }
    func encodeIfPresent(_ value: Int?, forKey key: Key) { encodeOptional(value, key) }
    func encodeIfPresent(_ value: Int8?, forKey key: Key) { encodeOptional(value, key) }
    func encodeIfPresent(_ value: Int16?, forKey key: Key) { encodeOptional(value, key) }
    func encodeIfPresent(_ value: Int32?, forKey key: Key) { encodeOptional(value, key) }
    func encodeIfPresent(_ value: Int64?, forKey key: Key) { encodeOptional(value, key) }
    func encodeIfPresent(_ value: UInt?, forKey key: Key) { encodeOptional(value, key) }
    func encodeIfPresent(_ value: UInt8?, forKey key: Key) { encodeOptional(value, key) }
    func encodeIfPresent(_ value: UInt16?, forKey key: Key) { encodeOptional(value, key) }
    func encodeIfPresent(_ value: UInt32?, forKey key: Key) { encodeOptional(value, key) }
    func encodeIfPresent(_ value: UInt64?, forKey key: Key) { encodeOptional(value, key) }

    func encodeNil(forKey key: Key) {
        unsupported()
    }

    func nestedContainer<Nested>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested>
    {
        unsupported()
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        unsupported()
    }

    func superEncoder() -> any Encoder {
        unsupported()
    }

    func superEncoder(forKey key: Key) -> any Encoder {
        unsupported()
    }

    private func encodeOptional<T: Encodable>(_ value: T?, _ key: Key) {
        guard let kind = RecipeValueKind(T?.self) else { unsupported() }
        encoder.members[key.stringValue] = .value(
            kind, value.map(RecipeValueKind.node(of:)) ?? RecipeValueKind.null)
    }
}

private func unsupported() -> Never {
    preconditionFailure("A recipe's fields are of the types that the protocol Recipe lists")
}
