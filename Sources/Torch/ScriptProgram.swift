// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch
public import Foundation

/// A network as a program in TorchScript, with its weights: a `.pt` file that PyTorch's `torch.jit.save` wrote.
///
/// Such a program runs on libtorch's own interpreter, without Python. That interpreter knows nothing but libtorch's
/// operators, but some of those read files: load programs from sources that you trust.
public final class ScriptProgram: @unchecked Sendable {
    /// Where the program came from.
    public let url: URL

    /// Constant after `init`, and libtorch lets any thread call it: hence `@unchecked Sendable`.
    private let raw: ct_script

    /// Loads a program; nothing of it runs yet.
    ///
    /// - Parameters:
    ///   - url: the file.
    ///   - device: where it is to compute.
    /// - Throws: ``ScriptError/unreadable(file:reason:)``.
    public init(_ url: URL, device: Device = .cpu) throws(ScriptError) {
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw .unreadable(file: url.path, reason: "there is no such file")
        }
        var raw = ct_script(impl: nil)
        guard ct_script_load(&raw, url.path, device.type, device.index) == 0 else {
            throw .unreadable(file: url.path, reason: firstReason())
        }
        (self.url, self.raw) = (url, raw)
    }

    deinit { ct_script_free(raw) }

    /// What the program's function `forward` returns, without gradient.
    ///
    /// - Parameters:
    ///   - input: its first argument.
    ///   - options: arguments by name, such as `return_features`.
    /// - Throws: ``ScriptError/failed(file:reason:)`` if it fails, or returns anything but one tensor.
    public func callAsFunction(_ input: Tensor, options: [String: Bool] = [:]) throws(ScriptError) -> Tensor {
        var result = ct_tensor(impl: nil)
        let names = options.keys.map { strdup($0) }
        defer { names.forEach { free($0) } }
        let pointers = names.map { UnsafePointer($0) }
        let status = ct_script_call(
            &result, raw, input.raw, pointers, Array(options.values), Int64(pointers.count))
        guard status == 0 else { throw .failed(file: url.path, reason: lastReason()) }
        return Tensor(owning: result)
    }
}

/// A program in TorchScript that cannot be loaded or run.
public enum ScriptError: LocalizedError, Equatable, CustomStringConvertible {
    /// The file is missing or is not such a program.
    case unreadable(file: String, reason: String)
    /// The program stopped.
    case failed(file: String, reason: String)

    /// One sentence: which file, what is wrong with it, what to do.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "\(file) cannot be loaded as TorchScript: \(reason); give a .pt file that torch.jit.save wrote."
        case .failed(let file, let reason):
            "The TorchScript program \(file) failed: \(reason); check that it takes this input."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}

/// What libtorch says of a program that stopped: its last line, which follows the program's call stack.
private func lastReason() -> String {
    let lines = String(cString: ct_last_error()).split(whereSeparator: \.isNewline)
    let line = lines.last { !$0.allSatisfy(\.isWhitespace) } ?? "no reason was given"
    let prefix = "RuntimeError: "
    return (line.hasPrefix(prefix) ? String(line.dropFirst(prefix.count)) : String(line))
        .trimmingCharacters(in: CharacterSet(charactersIn: ".: "))
}

/// What libtorch says of a file: its first sentence, which advice follows.
private func firstReason() -> String {
    String(cString: ct_last_error()).components(separatedBy: ". ")[0]
        .trimmingCharacters(in: CharacterSet(charactersIn: ". \n"))
}
