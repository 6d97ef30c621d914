// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
import Torch

/// What is wrong with a safetensors file; each description names the file and what to do.
public enum SafetensorsError: LocalizedError, Equatable, CustomStringConvertible {
    /// The file could not be opened or read.
    case unreadable(file: String, reason: String)
    /// The file is something else, by its first bytes, or a folder.
    case notSafetensors(file: String, reason: String)
    /// The file ends before the bytes that its header, or the format, promises.
    case truncated(file: String, expectedBytes: Int, foundBytes: Int)
    /// The header is not what the format asks for, at this byte of the file.
    case malformedHeader(file: String, byte: Int, reason: String)
    /// The header names a tensor, or a key of the metadata, twice.
    case duplicateName(file: String, name: String)
    /// The elements are of a type that this package does not read.
    case unsupportedType(file: String, tensor: String, found: String)
    /// The shape has too many dimensions or more elements than memory has addresses.
    case impossibleShape(file: String, tensor: String, shape: [Int])
    /// The tensor's bytes are not as many as its type and shape need.
    case wrongByteCount(file: String, tensor: String, expected: Int, found: Int)
    /// The tensor's bytes do not begin where those of the one before end: they overlap or leave a hole.
    case wrongOffset(file: String, tensor: String, expected: Int, found: Int)
    /// Bytes that belong to no tensor follow the last one.
    case surplusBytes(file: String, count: Int)
    /// The file has no tensor of this name.
    case missingTensor(file: String, tensor: String)

    /// One sentence on what is wrong and what to do.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "\(file) cannot be read: \(reason); check the path and its permissions."
        case .notSafetensors(let file, let reason):
            "\(file) is no safetensors file: \(reason)."
        case .truncated(let file, let expected, let found):
            "\(file) ends after \(found) of at least \(expected) bytes: copy or download it again."
        case .malformedHeader(let file, let byte, let reason):
            "\(file) has a damaged header, at byte \(byte): \(reason); "
                + "check that it is a safetensors file and copy or download it again."
        case .duplicateName(let file, let name):
            "\(file) names '\(name)' twice in its header: write it again with distinct names."
        case .unsupportedType(let file, let tensor, let found):
            "\(file) holds '\(tensor)' as \(found), which is not supported: convert it to one of "
                + DType.allCases.map(\.safetensorsName).joined(separator: ", ") + "."
        case .impossibleShape(let file, let tensor, let shape):
            "\(file) gives '\(tensor)' the impossible shape \(shape): copy or download it again."
        case .wrongByteCount(let file, let tensor, let expected, let found):
            "\(file) has \(found) bytes for '\(tensor)', whose type and shape need \(expected): "
                + "copy or download it again."
        case .wrongOffset(let file, let tensor, let expected, let found):
            "\(file) has the data of '\(tensor)' begin at \(found) instead of \(expected), where that of the "
                + "tensor before ends: write it again without overlaps and holes."
        case .surplusBytes(let file, let count):
            "\(file) has \(count) bytes after its last tensor: copy or download it again."
        case .missingTensor(let file, let tensor):
            "\(file) has no tensor '\(tensor)': use a file that was made for this network."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
