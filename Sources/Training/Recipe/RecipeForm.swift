// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import OrderedCollections
import Yams

/// A recipe as a tree: its keys in the order of declaration, what kind of value each takes, and the value it has.
///
/// It is read off a recipe of the type, so that even a key whose default is null is known, and it takes only values
/// that fit. That leaves nothing for the decoder to complain about without saying where.
indirect enum RecipeForm {
    case section(OrderedDictionary<String, RecipeForm>)
    case value(RecipeValueKind, Node)

    /// The form and values of a recipe.
    init(of recipe: some Recipe) {
        self = RecipeFormEncoder.form(of: recipe)
    }

    /// The tree as YAML.
    var node: Node {
        switch self {
        case .section(let members): Node(members.map { (Node($0.key), $0.value.node) }, .implicit, .block)
        case .value(_, let node): node
        }
    }

    /// Every value with its dotted key.
    var leaves: [(key: String, text: String)] {
        entries.compactMap { key, form in
            guard case .value(_, let node) = form else { return nil }
            return (key, RecipeValueKind.text(of: node))
        }
    }

    /// Replaces the values that a mapping names.
    ///
    /// - Throws: ``RecipeError`` for a key that the form lacks and for a value that does not fit.
    mutating func overlay(_ node: Node, from source: RecipeSource) throws {
        let root = self
        try overlay(node, at: "", of: root, in: root, from: source)
    }

    /// The recipe with the values of the form.
    func decoded<R: Recipe>(as type: R.Type) throws -> R {
        do {
            return try YAMLDecoder().decode(type, from: node)
        } catch DecodingError.typeMismatch(_, let context), DecodingError.dataCorrupted(let context),
            DecodingError.valueNotFound(_, let context), DecodingError.keyNotFound(_, let context)
        {
            throw RecipeError.invalid(
                key: context.codingPath.map(\.stringValue).joined(separator: "."),
                reason: "cannot be used: \(context.debugDescription)")
        }
    }

    /// - Parameter section: the section that this stands in.
    private mutating func overlay(
        _ node: Node, at path: String, of root: RecipeForm, in section: RecipeForm, from source: RecipeSource
    ) throws {
        switch self {
        case .value(let kind, _) where kind.isChanges && node.null == nil:
            try Self.check(changes: node, at: path, of: section, from: source)
            self = .value(kind, kind.normalized(node))
        case .value(let kind, _):
            guard kind.accepts(node) else {
                throw RecipeError.mismatch(
                    place: source.place(of: node), key: path, expected: kind.name,
                    found: RecipeValueKind.found(node))
            }
            self = .value(kind, kind.normalized(node))
        case .section(var members):
            guard case .mapping(let mapping) = node else {
                throw RecipeError.mismatch(
                    place: source.place(of: node), key: path, expected: "a section with keys of its own",
                    found: RecipeValueKind.found(node))
            }
            for (key, value) in mapping {
                let name = RecipeValueKind.text(of: key)
                let path = path.isEmpty ? name : "\(path).\(name)"
                guard members[name] != nil else {
                    throw RecipeError.unknownKey(
                        place: source.place(of: key), key: path, nearest: root.key(nearestTo: path),
                        known: Array(members.keys))
                }
                try members[name]?.overlay(value, at: path, of: root, in: self, from: source)
            }
            self = .section(members)
        }
    }

    /// Every section and value below this one, with its dotted key.
    private var entries: [(key: String, form: RecipeForm)] {
        guard case .section(let members) = self else { return [] }
        return members.flatMap { name, form in
            [(name, form)] + form.entries.map { ("\(name).\($0.key)", $0.form) }
        }
    }

    /// The key whose last name is spelt most alike; of several, the one whose whole path is.
    func key(nearestTo path: String) -> String? {
        func lastName(_ path: String) -> Substring { path.split(separator: ".").last ?? "" }
        let name = lastName(path)
        return entries.map(\.key)
            .map { (key: $0, distance: (editDistance(lastName($0), name), editDistance($0, path))) }
            .filter { $0.distance.0 <= max(2, name.count / 3) }
            .min { $0.distance < $1.distance }?.key
    }
}
