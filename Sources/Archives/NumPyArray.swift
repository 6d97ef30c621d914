// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// An array of NumPy: its type, its shape and its bytes.
public struct NumPyArray: Sendable {
    /// The type of the elements as NumPy writes it, such as `<f4`: byte order (`<`, `>` or `|`), kind and size in bytes.
    public let type: String
    /// The size of each dimension.
    public let shape: [Int]
    /// Whether the first dimension runs fastest, as in Fortran, rather than the last.
    public let isColumnMajor: Bool
    /// The elements, as many as the shape and type need.
    public let bytes: Data

    /// The globals by which pickles make arrays and NumPy's scalars.
    public static let globals: Set<String> = [
        "numpy.ndarray", "numpy.dtype", "_codecs.encode", "builtins.bytes", "__builtin__.bytes",
        "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct",
        "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar",
        "numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer",
    ]

    /// Checks that there are as many bytes as the shape and type need.
    init(
        type: String, shape: [Int], isColumnMajor: Bool, bytes: Data, file: String
    ) throws(ArchiveError) {
        guard type.count >= 3, "<>|".contains(type.prefix(1)), "biufc".contains(type.dropFirst().prefix(1)),
            let size = Int(type.dropFirst(2)), size > 0
        else {
            throw .unsupported(
                file: file, reason: "it has an array of type '\(type.prefix(40))', which is not numbers")
        }
        let count = shape.reduce(size) { product, dim -> Int? in
            product.flatMap {
                let (product, overflow) = $0.multipliedReportingOverflow(by: dim)
                return overflow || dim < 0 ? nil : product
            }
        }
        guard count == bytes.count else {
            throw .damaged(
                file: file,
                reason: "it has \(bytes.count) bytes for an array of shape \(shape) and type \(type)")
        }
        self.type = type
        self.shape = shape
        self.isColumnMajor = isColumnMajor
        self.bytes = bytes
    }
}

extension NumPyArray {
    /// The first bytes of a `.npy` file.
    public static let signature = Data([0x93]) + Data("NUMPY".utf8)

    /// Reads a `.npy` file of version 1, 2 or 3.
    ///
    /// Two bytes of version, the size of the header in two bytes (or four, from version 2), a Python dictionary as text,
    /// and the elements. Source: the module `numpy.lib.format`.
    ///
    /// - Parameters:
    ///   - file: the file's bytes, of which the array's are a slice.
    ///   - name: what errors call the file.
    /// - Throws: ``ArchiveError/damaged(file:reason:)``.
    public init(npy file: Data, named name: String) throws(ArchiveError) {
        func damaged(_ reason: String) -> ArchiveError { .damaged(file: name, reason: reason) }
        guard file.starts(with: Self.signature), file.count >= 12 else {
            throw damaged("it does not begin as an array of NumPy does")
        }
        let fields = file.dropFirst(Self.signature.count)
        let version = fields[fields.startIndex]
        let sizeBytes = fields.dropFirst(2).prefix(version == 1 ? 2 : 4)
        let size = sizeBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
        let rest = file[sizeBytes.endIndex...]
        guard (1...3).contains(version), size <= rest.count, size <= 1 << 16 else {
            throw damaged("its header is cut off or of an unknown version")
        }
        let header = String(decoding: rest.prefix(size), as: UTF8.self)
        guard let type = header.firstMatch(of: /'descr': *'([^']*)'/),
            let order = header.firstMatch(of: /'fortran_order': *(True|False)/),
            let shape = header.firstMatch(of: /'shape': *\(([0-9, ]*)\)/)
        else {
            throw damaged("its header states no plain type, order and shape")
        }
        let dims = shape.1.split(separator: ",").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
        let sizes = dims.compactMap { Int($0) }
        guard sizes.count == dims.count else { throw damaged("its header states an impossible shape") }
        try self.init(
            type: String(type.1), shape: sizes, isColumnMajor: order.1 == "True", bytes: rest.dropFirst(size),
            file: name)
    }

    /// Reads an array, or a scalar of NumPy as an array without dimensions, from a pickle; nil if the value is neither.
    ///
    /// - Parameters:
    ///   - value: a value of a pickle that was allowed ``globals``.
    ///   - name: what errors call the file.
    /// - Throws: ``ArchiveError/damaged(file:reason:)`` if it is one, but not of numbers or not whole.
    public init?(pickled value: PickleValue, named name: String) throws(ArchiveError) {
        guard let object = value.object else { return nil }
        let (arguments, state) = (Array(object.arguments), Array(object.state.items ?? object.arguments))
        var parts: (type: PickleValue, shape: [PickleValue], isColumnMajor: Bool, bytes: PickleValue)?
        switch object.global.split(separator: ".").last {
        case "_reconstruct" where state.count == 5:
            if let shape = state[1].items, case .bool(let isColumnMajor) = state[3] {
                parts = (state[2], Array(shape), isColumnMajor, state[4])
            }
        case "scalar" where arguments.count == 2:
            parts = (arguments[0], [], false, arguments[1])
        case "_frombuffer" where arguments.count == 4:
            if let shape = arguments[2].items {
                parts = (arguments[1], Array(shape), arguments[3].text == "F", arguments[0])
            }
        case "_reconstruct", "scalar", "_frombuffer": break
        default: return nil
        }
        guard let parts, let type = Self.type(parts.type), let bytes = parts.bytes.byteString else {
            throw .damaged(file: name, reason: "it has an array that is not stored as plain numbers")
        }
        let shape = parts.shape.compactMap(\.int)
        guard shape.count == parts.shape.count else {
            throw .damaged(file: name, reason: "it has an array of an impossible shape")
        }
        try self.init(type: type, shape: shape, isColumnMajor: parts.isColumnMajor, bytes: bytes, file: name)
    }

    /// Whether a pickled value is an array of one dimension or more, whole or not.
    public static func isArray(_ value: PickleValue) -> Bool {
        let function = value.object?.global.split(separator: ".").last
        return function == "_reconstruct" || function == "_frombuffer"
    }

    /// `numpy.dtype('f4', ...)` with the state `(3, '<', ...)` as `<f4`.
    private static func type(_ value: PickleValue) -> String? {
        guard let object = value.object, object.global == "numpy.dtype",
            let kind = object.arguments.first?.text
        else { return nil }
        guard let state = object.state.items else { return "|\(kind)" }
        return state.count > 1 ? state[1].text.map { $0 + kind } : nil
    }
}
