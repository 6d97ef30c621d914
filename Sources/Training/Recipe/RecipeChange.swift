// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Yams

/// Settings of a recipe that change on the way: from a step on, they are what is said here.
///
/// ```yaml
/// changes:
///     - from: 5400
///       regression: {weight: 0.5}
///     - from: 80000
///       batch: 1280
///       microBatch: 4
/// ```
public struct RecipeChange: Equatable, Sendable {
    /// The step, counted from 0, at least 1.
    public let from: Int
    /// Each setting as `section.key=value`, in order.
    public let settings: [String]

    /// A change of some settings.
    ///
    /// - Parameters:
    ///   - from: the step, counted from 0, at least 1.
    ///   - settings: each as `section.key=value`, at least one.
    public init(from: Int, _ settings: String...) {
        precondition(
            from >= 1 && !settings.isEmpty, "a change begins at a step above 0 and changes something")
        self.from = from
        self.settings = settings
    }

    /// The keys, or the sections, that change.
    public var keys: [String] { settings.map { String($0.prefix { $0 != "." && $0 != "=" }) } }
}

extension RecipeChange: Codable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Reads a mapping with `from` and settings, in sections or with dotted keys.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        from = try container.decode(Int.self, forKey: Key(stringValue: "from"))
        settings = try Self.settings(in: container, under: "").filter { !$0.hasPrefix("from=") }
    }

    /// Writes settings with dotted keys.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(from, forKey: Key(stringValue: "from"))
        for setting in settings {
            let (key, value) = Self.parts(of: setting)
            try container.encode(value, forKey: Key(stringValue: key))
        }
    }

    private static func settings(
        in container: KeyedDecodingContainer<Key>, under path: String
    ) throws -> [String] {
        try container.allKeys.flatMap { key -> [String] in
            let name = path + key.stringValue
            if let section = try? container.nestedContainer(keyedBy: Key.self, forKey: key) {
                return try settings(in: section, under: "\(name).")
            }
            if let list = try? container.decode([String].self, forKey: key) {
                return ["\(name)=[\(list.joined(separator: ", "))]"]
            }
            return ["\(name)=\(try container.decode(String.self, forKey: key))"]
        }
    }

    private static func parts(of setting: String) -> (key: String, value: String) {
        let key = setting.prefix { $0 != "=" }
        return (String(key), String(setting.dropFirst(key.count + 1)))
    }

    /// The change as YAML, its settings in sections.
    var node: Node {
        var entries: [(Node, Node)] = [(Node("from"), Node("\(from)"))]
        entries += Self.sections(settings.map { Self.parts(of: $0) })
        return Node(entries, .implicit, .block)
    }

    private static func sections(_ settings: [(key: String, value: String)]) -> [(Node, Node)] {
        var names: [String] = []
        for (key, _) in settings {
            let name = String(key.prefix { $0 != "." })
            if !names.contains(name) { names.append(name) }
        }
        return names.map { name in
            if let value = settings.last(where: { $0.key == name })?.value {
                return (Node(name), (try? Yams.compose(yaml: value)) ?? Node(value))
            }
            let inner = settings.filter { $0.key.hasPrefix("\(name).") }
                .map { (key: String($0.key.dropFirst(name.count + 1)), value: $0.value) }
            return (Node(name), Node(sections(inner), .implicit, .block))
        }
    }
}

extension RecipeForm {
    /// Checks a list of changes against the settings that they stand beside.
    ///
    /// - Throws: ``RecipeError`` for a change that is no mapping with `from`, for a key that is none of the settings, and for
    ///   a value that does not fit.
    static func check(
        changes node: Node, at path: String, of settings: RecipeForm, from source: RecipeSource
    ) throws {
        for change in node.sequence.map(Array.init) ?? [node] {
            guard case .mapping(let mapping) = change, let from = mapping["from"]?.int, from >= 1,
                mapping.count > 1
            else {
                throw RecipeError.mismatch(
                    place: source.place(of: change), key: path,
                    expected: "a list of mappings, each with `from`, a step above 0, and settings",
                    found: RecipeValueKind.found(change))
            }
            var form = settings
            for (key, value) in mapping where key.string != "from" {
                try form.overlay(nested(value, under: key), from: source)
            }
        }
    }

    /// `{critic: {steps: 2}}` of `critic.steps` and 2.
    private static func nested(_ value: Node, under key: Node) -> Node {
        let names = RecipeValueKind.text(of: key).split(separator: ".", omittingEmptySubsequences: false)
        guard names.count > 1 else { return Node([(key, value)]) }
        return names.reversed().reduce(value) { inner, name in Node([(Node(String(name)), inner)]) }
    }
}
