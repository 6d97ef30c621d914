// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch

/// One operator of libtorch, called by name: `Operator("aten::add.Tensor")(a, b)`.
///
/// Every operator that libtorch registers can be called this way, autograd included. Arguments are those of the
/// operator's schema in order; those left out at the end take the schema's defaults.
public struct Operator: @unchecked Sendable {
    /// The name and overload, such as `aten::add.Tensor`.
    public let name: String

    /// Constant after `init`, and libtorch lets any thread call it: hence `@unchecked Sendable`.
    private let raw: ct_operator

    /// Finds an operator; a name that libtorch does not know stops the program.
    public init(_ name: String) {
        self.name = name
        let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
        var raw = ct_operator(handle: nil)
        check(ct_operator_find(&raw, parts[0], parts.count > 1 ? parts[1] : ""), name)
        self.raw = raw
    }

    /// Calls an operator that returns one tensor.
    public func callAsFunction(_ arguments: Argument...) -> Tensor { self(arguments) }

    /// Calls an operator that returns one tensor.
    public func callAsFunction(_ arguments: [Argument]) -> Tensor {
        let result = call(arguments, capacity: 1) { results in
            precondition(results.count == 1, "\(name) returns no tensor")
            return Tensor(owning: results[0])
        }
        Recorder.current?.called(name, arguments, [result])
        return result
    }

    /// Calls an operator that returns several tensors, or lists of them, or nothing.
    @discardableResult
    public func many(_ arguments: Argument..., atMost capacity: Int = 8) -> [Tensor] {
        let results = call(arguments, capacity: capacity) { results in results.map(Tensor.init(owning:)) }
        Recorder.current?.called(name, arguments, results)
        return results
    }

    private func call<R>(
        _ arguments: [Argument], capacity: Int, _ body: (UnsafeBufferPointer<ct_tensor>) -> R
    ) -> R {
        withUnsafeTemporaryAllocation(of: ct_tensor.self, capacity: capacity) { results in
            var count: Int64 = 0
            let status = withLowered(arguments) { lowered in
                ct_operator_call(
                    results.baseAddress, Int64(capacity), &count, raw, lowered.baseAddress,
                    Int64(lowered.count))
            }
            check(status, "\(name)(\(arguments.map(\.description).joined(separator: ", ")))")
            return body(UnsafeBufferPointer(start: results.baseAddress, count: Int(count)))
        }
    }
}

extension Operator {
    /// An argument of an operator.
    public enum Argument: CustomStringConvertible, Sendable {
        case none
        case tensor(Tensor)
        case int(Int)
        case double(Double)
        case bool(Bool)
        case string(StaticString)
        case ints([Int])
        case doubles([Double])
        case tensors([Tensor])
        case optionalTensors([Tensor?])
        case device(Device)

        static func optional(_ tensor: Tensor?) -> Argument { tensor.map(Argument.tensor) ?? .none }
        /// The memory format of channels-last images.
        static var channelsLast: Argument { .int(2) }
        static func dtype(_ dtype: DType) -> Argument { .int(Int(dtype.rawValue)) }

        /// A short form for error messages: a tensor shows its type and shape.
        public var description: String {
            switch self {
            case .none: "none"
            case .tensor(let tensor): tensor.summary
            case .int(let value): "\(value)"
            case .double(let value): "\(value)"
            case .bool(let value): "\(value)"
            case .string(let value): "\"\(value)\""
            case .ints(let values): "\(values)"
            case .doubles(let values): "\(values)"
            case .tensors(let tensors): "[\(tensors.map(\.summary).joined(separator: ", "))]"
            case .optionalTensors(let tensors):
                "[\(tensors.map { $0?.summary ?? "none" }.joined(separator: ", "))]"
            case .device(let device): "\(device)"
            }
        }
    }
}

extension Operator.Argument: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral
{
    /// A whole number.
    public init(integerLiteral value: Int) { self = .int(value) }
    /// A real number.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// A truth value.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}

/// Lays the arguments out as the C interface wants them, lists in temporary memory, for the time of `body`.
private func withLowered<R>(_ arguments: [Operator.Argument], _ body: (UnsafeBufferPointer<ct_value>) -> R)
    -> R
{
    var wordCount = 0
    for argument in arguments {
        switch argument {
        case .ints(let values): wordCount += values.count
        case .doubles(let values): wordCount += values.count
        case .tensors(let tensors): wordCount += tensors.count
        case .optionalTensors(let tensors): wordCount += tensors.count
        default: break
        }
    }
    return withUnsafeTemporaryAllocation(of: ct_value.self, capacity: arguments.count) { values in
        // Integers, doubles and handles are all eight bytes wide, so one run of words holds every list.
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: max(wordCount, 1)) { words in
            var next = 0
            func list<Element>(_ elements: some Collection<Element>) -> UnsafePointer<Element> {
                let start = UnsafeMutableRawPointer(words.baseAddress.unsafelyUnwrapped + next)
                let typed = start.bindMemory(to: Element.self, capacity: elements.count)
                for (offset, element) in elements.enumerated() { (typed + offset).initialize(to: element) }
                next += elements.count
                return UnsafePointer(typed)
            }
            for (index, argument) in arguments.enumerated() {
                var value = ct_value()
                switch argument {
                case .none: value.kind = CT_NONE
                case .tensor(let tensor):
                    value.kind = CT_TENSOR
                    value.tensor = tensor.raw
                case .int(let integer):
                    value.kind = CT_INT
                    value.integer = Int64(integer)
                case .double(let real):
                    value.kind = CT_DOUBLE
                    value.real = real
                case .bool(let boolean):
                    value.kind = CT_BOOL
                    value.boolean = boolean
                case .string(let string):
                    value.kind = CT_STRING
                    value.string = UnsafeRawPointer(string.utf8Start).assumingMemoryBound(to: CChar.self)
                case .ints(let integers):
                    value.kind = CT_INTS
                    value.count = Int64(integers.count)
                    value.integers = list(integers.lazy.map(Int64.init))
                case .doubles(let reals):
                    value.kind = CT_DOUBLES
                    value.count = Int64(reals.count)
                    value.reals = list(reals)
                case .tensors(let tensors):
                    value.kind = CT_TENSORS
                    value.count = Int64(tensors.count)
                    value.tensors = list(tensors.lazy.map(\.raw))
                case .optionalTensors(let tensors):
                    value.kind = CT_OPTIONAL_TENSORS
                    value.count = Int64(tensors.count)
                    value.tensors = list(tensors.lazy.map { $0?.raw ?? ct_tensor(impl: nil) })
                case .device(let device):
                    value.kind = CT_DEVICE
                    value.integer = Int64(device.type)
                    value.count = Int64(device.index)
                }
                values.initializeElement(at: index, to: value)
            }
            return body(UnsafeBufferPointer(values))
        }
    }
}
