// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// What can be wrong with a recipe. `place` is a file and line, such as `Recipes/cifar10.yaml:12`, or `--set`.
public enum RecipeError: LocalizedError, Equatable, CustomStringConvertible {
    /// The file cannot be read.
    case unreadable(file: String, reason: String)
    /// The text is not YAML, or a setting is not `key=value`.
    case malformed(place: String, reason: String)
    /// The recipe has no such key. `nearest` is the key that was probably meant; `known` are those of the section.
    case unknownKey(place: String, key: String, nearest: String?, known: [String])
    /// The key exists, but its value is of another type.
    case mismatch(place: String, key: String, expected: String, found: String)
    /// The value is out of its range or does not fit another one. For ``Recipe/validate()`` to throw.
    case invalid(key: String, reason: String)

    /// One sentence: where, what is wrong, what was expected.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "The recipe \(file) cannot be read: \(reason)"
        case .malformed(let place, let reason):
            "\(place): \(reason)."
        case .unknownKey(let place, let key, let nearest?, _):
            "\(place): the recipe has no key `\(key)`; did you mean `\(nearest)`?"
        case .unknownKey(let place, let key, nil, let known):
            "\(place): the recipe has no key `\(key)`; known here are \(known.joined(separator: ", "))."
        case .mismatch(let place, let key, let expected, let found):
            "\(place): `\(key)` must be \(expected), found \(found)."
        case .invalid(let key, let reason):
            "The recipe's `\(key)` \(reason)."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}

extension Recipe {
    /// For ``validate()``: refuses a value unless a condition, named in words, holds.
    ///
    /// - Throws: ``RecipeError/invalid(key:reason:)``.
    public func check(_ key: String, _ value: some Any, _ holds: Bool, _ condition: String) throws {
        guard holds else {
            throw RecipeError.invalid(key: key, reason: "is \(value) and must be \(condition)")
        }
    }

    /// Checks a number of something, such as steps or images, of which sums and products must be numbers too.
    ///
    /// - Throws: `RecipeError.invalid(key:reason:)` for one below `least` or above a thousand million.
    public func check(_ key: String, count: Int, least: Int = 1) throws {
        try check(key, count, count >= least, "at least \(least)")
        try check(key, count, count <= 1_000_000_000, "at most 1000000000")
    }
}
