// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// A value of JSON, in which a network's settings are kept.
///
/// The floating-point numbers that JSON lacks are written as the strings `inf`, `-inf` and `nan`.
public enum SettingValue: Equatable, Sendable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A whole number.
    case int(Int)
    /// A number with a fraction.
    case double(Double)
    /// A text.
    case string(String)
    /// A list.
    case list([SettingValue])
    /// Values by their names.
    case dictionary([String: SettingValue])
}

extension SettingValue: Encodable {
    /// Writes the value.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .int(let value): try container.encode(value)
        case .double(let value) where !value.isFinite: try container.encode("\(value)")
        case .double(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .dictionary(let values): try container.encode(values)
        }
    }
}
