// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives

/// A pickled `torch.nn.Module`, made by PyTorch's own classes or by those that EDM's module `persistence` decorates.
struct PickledModule {
    /// The class, such as `EDMPrecond`, or `torch.nn.modules.container.ModuleDict`.
    let className: String
    private let state: PickleEntries

    /// Nil if the value is no module.
    init?(_ value: PickleValue) {
        guard let object = value.object else { return nil }
        if object.global == TorchGlobals.reconstructObject {
            guard let meta = object.arguments.first, let name = meta["class_name"]?.text,
                let state = meta["state"]?.entries
            else { return nil }
            (className, self.state) = (name, state)
        } else {
            guard let state = object.state.entries else { return nil }
            (className, self.state) = (object.global, state)
        }
        guard state["_parameters"] != nil, state["_modules"] != nil else { return nil }
    }

    /// What is trained, without what the module has not.
    var parameters: [(String, PickleValue)] { named("_parameters") }

    /// The other tensors that belong to the module's state.
    var persistentBuffers: [(String, PickleValue)] {
        let others = Set(state["_non_persistent_buffers_set"]?.setItems?.compactMap(\.text) ?? [])
        return named("_buffers").filter { !others.contains($0.0) }
    }

    /// The modules within.
    var children: [(String, PickleValue)] { named("_modules") }

    /// The arguments with which the module was made, where it is one that EDM's `persistence` decorates.
    var initArguments: PickleItems? { state["_init_args"]?.items }
    /// Those given by name.
    var initKeywords: PickleEntries? { state["_init_kwargs"]?.entries }

    /// Its other attributes.
    var attributes: [(String, PickleValue)] {
        state.compactMap { key, value in
            key.text.flatMap { $0.hasPrefix("_") || $0 == "training" ? nil : ($0, value) }
        }
    }

    private func named(_ kind: String) -> [(String, PickleValue)] {
        (state[kind]?.entries).map { entries in
            entries.compactMap { key, value in
                if case .none = value { return nil }
                return key.text.map { ($0, value) }
            }
        } ?? []
    }
}

extension PickleValue {
    /// The elements of a set, also where protocols before 4 write it as a call of `set` with a list.
    fileprivate var setItems: PickleItems? { items ?? object?.arguments.first?.items }
}
