// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
import Torch
import Yams

/// The settings of a run, as a plain structure whose `init()` is the default for every one of them.
///
/// In YAML a recipe is a mapping with the same names, and holds only what differs from the defaults:
///
/// ```yaml
/// pairCount: 2000
/// distillation:
///     batch: 32
/// ```
///
/// A field is a number, `Bool`, `String`, an enumeration with `String` raw values that is `CaseIterable`, a list of
/// these, an optional of these, or a structure of such fields. A list of one item may be written as the item alone.
public protocol Recipe: Codable, Equatable, Sendable {
    /// The defaults.
    init()

    /// Checks what types cannot say: ranges, and fields that must fit each other.
    ///
    /// - Throws: ``RecipeError/invalid(key:reason:)``.
    func validate() throws
}

extension Recipe {
    /// Overlays a YAML file and then single settings on the defaults, and validates the result.
    ///
    /// - Parameters:
    ///   - file: a YAML mapping; none leaves the defaults. An empty file is an empty mapping.
    ///   - overrides: settings such as `distillation.batch=32`, later ones win. The value is YAML too.
    /// - Throws: ``RecipeError``, for a key that the recipe does not have, for a value of another type, for text that
    ///   is not YAML, and for what ``validate()`` refuses.
    public static func resolved(from file: URL? = nil, overrides: [String] = []) throws -> Self {
        var form = RecipeForm(of: Self())
        if let file {
            let source = RecipeSource.file(file.relativePath)
            if let node = try source.parse(read(file)) {
                try form.overlay(node, from: source)
            }
        }
        let recipe = try form.decoded(as: Self.self).overlaid(overrides)
        try recipe.validate()
        return recipe
    }

    /// The recipe with single settings replaced, not validated.
    ///
    /// - Parameter overrides: settings such as `distillation.batch=32`, later ones win. The value is YAML too.
    /// - Throws: ``RecipeError``.
    func overlaid(_ overrides: [String]) throws -> Self {
        var form = RecipeForm(of: self)
        for override in overrides {
            try form.overlay(RecipeSource.override.parse(override: override), from: .override)
        }
        return try form.decoded(as: Self.self)
    }

    /// The recipe with the settings of a change, not validated.
    ///
    /// - Throws: ``RecipeError`` for a key that the recipe does not have and for a value that does not fit.
    public func changed(by change: RecipeChange) throws -> Self { try overlaid(change.settings) }

    /// The whole recipe as YAML, keys in the order of declaration. Reading it back gives an equal recipe: numbers are
    /// written with as many digits as tell them from their neighbours.
    public func yaml() throws -> String {
        try Yams.serialize(node: RecipeForm(of: self).node, indent: 4, width: -1, allowUnicode: true)
    }

    /// Every setting by its dotted key, in the order of declaration, with its value as YAML.
    package var settings: [(key: String, text: String)] {
        RecipeForm(of: self).leaves.map { ($0.key, $0.text) }
    }

    /// The keys whose values differ, in the order of declaration, each with the value here and the other's.
    func differences(from other: Self) -> [(key: String, here: String, there: String)] {
        zip(settings, other.settings)
            .filter { $0.text != $1.text }
            .map { ($0.key, $0.text, $1.text) }
    }

    /// - Throws: ``RecipeError/unknownKey(place:key:nearest:known:)`` for an override that names neither a setting nor a
    ///   section.
    func checkKeys(_ overrides: [String]) throws {
        let form = RecipeForm(of: self)
        let keys = form.leaves.map(\.key)
        for key in overrides where !keys.contains(where: { $0 == key || $0.hasPrefix("\(key).") }) {
            throw RecipeError.unknownKey(
                place: "overrides", key: key, nearest: form.key(nearestTo: key), known: keys)
        }
    }

    private static func read(_ file: URL) throws -> String {
        let data: Data
        do {
            data = try Data(contentsOf: file)
        } catch {
            throw RecipeError.unreadable(file: file.relativePath, reason: cause(of: error))
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw RecipeError.unreadable(
                file: file.relativePath,
                reason: "it is not UTF-8; convert UTF-16 with `iconv -f UTF-16 -t UTF-8`.")
        }
        return text.hasPrefix("\u{FEFF}") ? String(text.unicodeScalars.dropFirst()) : text
    }
}
