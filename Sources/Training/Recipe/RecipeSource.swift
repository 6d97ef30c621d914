// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Yams

/// Where a setting was written, to say so when it is wrong.
enum RecipeSource {
    case file(String)
    case override

    /// The place of a YAML node: file and line, or `--set`.
    func place(of node: Node) -> String {
        place(node.mark)
    }

    /// The root of a YAML document, none if it is empty or holds comments alone.
    func parse(_ yaml: String) throws -> Node? {
        do {
            return try Yams.compose(yaml: yaml)
        } catch let error as YamlError {
            throw malformed(error)
        }
    }

    /// The mapping that a setting `distillation.batch=32` stands for: `{distillation: {batch: 32}}`.
    func parse(override: String) throws -> Node {
        guard let separator = override.firstIndex(of: "="), separator != override.startIndex else {
            throw RecipeError.malformed(place: place(nil), reason: "expected key=value, found `\(override)`")
        }
        let value = try parse(String(override[override.index(after: separator)...])) ?? RecipeValueKind.null
        return override[..<separator].split(separator: ".", omittingEmptySubsequences: false).reversed()
            .reduce(value) { nested, key in Node([(Node(String(key)), nested)]) }
    }

    private func place(_ mark: Mark?) -> String {
        switch self {
        case .file(let name): mark.map { "\(name):\($0.line)" } ?? name
        case .override: "settings"
        }
    }

    private func malformed(_ error: YamlError) -> RecipeError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            .malformed(place: place(mark), reason: "this is not YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            .malformed(
                place: place(context.mark),
                reason: "`\(keys.sorted().joined(separator: "`, `"))` stands here more than once")
        default:
            .malformed(place: place(nil), reason: "this is not YAML: \(error)")
        }
    }
}
