// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Hummingbird

/// The models of a server, by names that differ.
struct ModelList: Sendable {
    /// A model and what it is called.
    struct Entry: Sendable {
        let id: String
        let model: ImageModel
    }

    /// In the order in which they were named, generators first.
    let entries: [Entry]

    init(_ models: [ImageModel]) {
        var entries: [Entry] = []
        for model in models.filter({ $0.role == .generator }) + models.filter({ $0.role == .teacher }) {
            var (id, number) = (model.name, 1)
            while entries.contains(where: { $0.id == id }) {
                number += 1
                id = "\(model.name)-\(number)"
            }
            entries.append(Entry(id: id, model: model))
        }
        self.entries = entries
    }

    /// A model by its name, or the first.
    ///
    /// - Throws: ``ServerError`` where there is none.
    func entry(_ id: String?) throws -> Entry {
        guard let first = entries.first else {
            throw ServerError(
                .notFound, "This server shows runs alone: start it with a model to make images.")
        }
        guard let id else { return first }
        if let found = entries.first(where: { $0.id == id }) { return found }
        throw ServerError(
            .notFound,
            "There is no model '\(id.prefix(80))' here: name one of \(entries.map(\.id).joined(separator: ", ")).",
            parameter: "model", code: "model_not_found")
    }
}
