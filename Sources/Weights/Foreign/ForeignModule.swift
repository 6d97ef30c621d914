// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Torch

/// What a pickle tells of a network's module and those right within it.
public struct ForeignModule: Equatable, Sendable, Encodable {
    /// The class, such as `EDMPrecond` or `SongUNet`.
    public let className: String
    /// The arguments with which it was made, in order.
    public let arguments: [SettingValue]
    /// The arguments that were given by name, such as `model_channels`; those left at their defaults are not told.
    public let keywords: [String: SettingValue]
    /// Its attributes that are numbers, texts, truth values or lists of these, such as `sigma_data`.
    public let attributes: [String: SettingValue]
    /// The modules within it by name; they tell of none within themselves.
    public let children: [String: ForeignModule]

    /// Nil if the value is no module.
    init?(_ value: PickleValue, file: String, isChild: Bool = false) {
        guard let module = PickledModule(value) else { return nil }
        var settings = PickledSettings(file: file)
        className = module.className
        arguments = module.initArguments.map { $0.map { settings.value($0) ?? .null } } ?? []
        keywords = settings.values(
            module.initKeywords?.compactMap { key, value in key.text.map { ($0, value) } } ?? [])
        attributes = settings.values(module.attributes)
        children =
            isChild
            ? [:]
            : Dictionary(
                module.children.compactMap { name, value in
                    ForeignModule(value, file: file, isChild: true).map { (name, $0) }
                }, uniquingKeysWith: { $1 })
    }
}

/// Turns pickled numbers, texts and containers of them into settings, as many as a network reasonably has.
private struct PickledSettings {
    let file: String
    private var left = 10_000

    private static let largestDepth = 8

    init(file: String) { self.file = file }

    mutating func values(_ named: [(String, PickleValue)]) -> [String: SettingValue] {
        var values: [String: SettingValue] = [:]
        for (name, value) in named { values[name] = self.value(value) }
        return values
    }

    /// Nil for what is no setting, such as a tensor or a module.
    mutating func value(_ value: PickleValue, depth: Int = 0) -> SettingValue? {
        left -= 1
        guard left > 0, depth <= Self.largestDepth else { return nil }
        switch value {
        case .none: return .null
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .double(let value): return .double(value)
        case .string(let text): return .string(text)
        case .list(let items), .tuple(let items):
            return .list(items.prefix(left).compactMap { self.value($0, depth: depth + 1) })
        case .dictionary, .object:
            if let number = scalar(value) { return number }
            if let object = value.object, object.global != "dnnlib.util.EasyDict" { return nil }
            let entries = value.entries ?? value.object?.state.entries
            return entries.map { entries in
                var values: [String: SettingValue] = [:]
                for (key, value) in entries.prefix(left) {
                    if let key = key.text { values[key] = self.value(value, depth: depth + 1) }
                }
                return .dictionary(values)
            }
        case .bigInt, .bytes, .set, .global, .opaque, .persistent: return nil
        }
    }

    /// A number of NumPy, such as the root of one half that EDM's networks are made with.
    private func scalar(_ value: PickleValue) -> SettingValue? {
        guard let array = try? NumPyArray(pickled: value, named: file), array.shape.isEmpty,
            let tensor = try? StoredTensor(array, file: file).tensor()
        else { return nil }
        return tensor.dtype.isFloatingPoint
            ? .double(tensor.item()) : Int(exactly: tensor.item()).map(SettingValue.int)
    }
}
