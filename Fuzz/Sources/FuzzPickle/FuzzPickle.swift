// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation

/// Reads a pickle and looks at all that it describes, as far as there is an end to it.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let data = Data(UnsafeBufferPointer(start: bytes, count: count))
    let globals = NumPyArray.globals.union(["collections.OrderedDict", "torch.FloatStorage"])
    for unknown in [UnknownGlobals.refused, .opaque] {
        do {
            let pickle = try Pickle(data, named: "input", globals: globals, unknown: unknown)
            visit(pickle.value)
            for reference in pickle.references { visit(reference) }
        } catch {
            _ = error.description
        }
    }
    _ = try? NumPyArray(npy: data, named: "input")
    return 0
}

private func visit(_ value: some Any) {
    var waiting: [PickleValue] = []
    if let value = value as? PickleValue { waiting.append(value) }
    if let items = value as? PickleItems { waiting += items }
    var left = 2_000
    while left > 0, let value = waiting.popLast() {
        left -= 1
        _ = value.text
        _ = value["name"]
        _ = try? NumPyArray(pickled: value, named: "input")
        switch value {
        case .list(let items), .tuple(let items), .set(let items), .persistent(let items):
            waiting += items.prefix(left)
        case .dictionary(let entries):
            waiting += entries.prefix(left).flatMap { [$0.key, $0.value] }
        case .object(let object):
            waiting += object.arguments.prefix(left)
            waiting += object.items.prefix(left)
            waiting += object.entries.prefix(left).flatMap { [$0.key, $0.value] }
            waiting.append(object.state)
        case .none, .bool, .int, .bigInt, .double, .string, .bytes, .global, .opaque: break
        }
    }
}
