// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Yams

/// What one field of a recipe takes, and how its values are written in YAML.
struct RecipeValueKind {
    /// In words, to follow "must be".
    let name: String
    /// Whether a field of this kind can have the value.
    let accepts: (Node) -> Bool
    /// Whether a field holds changes of the settings beside it, which are checked against these.
    var isChanges = false
    /// Whether a field holds a list, of which one item alone may be written without brackets.
    var isList = false

    /// The kind of a field of the given type; none if it is not one of those that ``Recipe`` lists.
    init?(_ type: Any.Type) {
        switch type {
        case let type as any RecipeOptional.Type:
            guard let wrapped = RecipeValueKind(type.wrappedType) else { return nil }
            name = "\(wrapped.name), or null"
            accepts = { $0.null != nil || wrapped.accepts($0) }
            isList = wrapped.isList
        case is [RecipeChange].Type:
            name = "a list of changes"
            accepts = { _ in true }
            (isList, isChanges) = (true, true)
        case let type as any RecipeList.Type:
            guard let element = RecipeValueKind(type.elementType) else { return nil }
            name = "a list, each item \(element.name)"
            accepts = { $0.sequence?.allSatisfy(element.accepts) ?? element.accepts($0) }
            isList = true
        case let type as any CaseIterable.Type:
            let choices = rawValues(of: type)
            name = "one of \(choices.joined(separator: ", "))"
            accepts = { $0.scalar.map { choices.contains($0.string) } ?? false }
        case is String.Type:
            name = "text"
            accepts = { $0.scalar != nil && $0.null == nil }
        case let type as any (FixedWidthInteger & ScalarConstructible).Type:
            name = type.isSigned ? "a whole number" : "a whole number, not negative"
            accepts = { $0.scalar.map { type.construct(from: $0) != nil } ?? false }
        case let type as any (BinaryFloatingPoint & ScalarConstructible).Type:
            name = "a number"
            accepts = { $0.scalar.map { type.construct(from: $0) != nil } ?? false }
        case is Bool.Type:
            name = "true or false"
            accepts = { $0.bool != nil }
        default:
            return nil
        }
    }

    /// An accepted value as the field is decoded from it.
    func normalized(_ node: Node) -> Node {
        isList && node.sequence == nil && node.null == nil ? Node([node], .implicit, .flow) : node
    }

    /// What an optional field without a value has.
    static var null: Node { Node("null", .implicit, .plain) }

    /// A field's value as YAML. Text is quoted, so that a data set named `1e3` or `no` stays text for every reader.
    static func node(of value: any Encodable) -> Node {
        switch value {
        case let changes as [RecipeChange]:
            Node(changes.map(\.node), .implicit, changes.isEmpty ? .flow : .block)
        case let list as [any Encodable]: Node(list.map(node(of:)), .implicit, .flow)
        case let choice as any RawRepresentable: Node("\(choice.rawValue)")
        case let text as String: Node(text, .implicit, .doubleQuoted)
        case let number as any BinaryFloatingPoint: Node(text(of: Double(number)))
        default: Node("\(value)")
        }
    }

    /// The shortest text that reads back as the same number. YAML 1.1, which many readers still follow, wants a point
    /// before an exponent.
    private static func text(of number: Double) -> String {
        guard number.isFinite else { return number.isNaN ? ".nan" : number < 0 ? "-.inf" : ".inf" }
        let text = "\(number)"
        return text.contains(".") ? text : text.replacingOccurrences(of: "e", with: ".0e")
    }

    /// A value on one line.
    static func text(of node: Node) -> String {
        switch node {
        case .scalar(let scalar): scalar.string
        case .sequence(let sequence): "[" + sequence.map(text(of:)).joined(separator: ", ") + "]"
        case .mapping, .alias: "a section"
        }
    }

    /// A value as the end of a sentence that says what was found instead.
    static func found(_ node: Node) -> String {
        switch node {
        case .scalar where node.null != nil: "nothing"
        case .scalar, .sequence: "`\(text(of: node))`"
        case .mapping, .alias: "a section"
        }
    }
}

/// The raw values of an enumeration's cases.
private func rawValues<Choice: CaseIterable>(of type: Choice.Type) -> [String] {
    type.allCases.map { choice in
        guard let choice = choice as? any RawRepresentable, let text = choice.rawValue as? String else {
            preconditionFailure("A recipe's enumeration needs String raw values, which \(type) lacks")
        }
        return text
    }
}

/// Optionals of any type, to see through them.
private protocol RecipeOptional {
    static var wrappedType: Any.Type { get }
}

extension Optional: RecipeOptional {
    static var wrappedType: Any.Type { Wrapped.self }
}

/// Arrays of any type, to see through them.
private protocol RecipeList {
    static var elementType: Any.Type { get }
}

extension Array: RecipeList {
    static var elementType: Any.Type { Element.self }
}
