// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// A Python pickle, read as data. Nothing that it names is run, found or looked up.
///
/// A pickle is a program for a stack machine whose instructions may call any function by name, `os.system` among them.
/// This machine builds a description instead: a call becomes a ``PickleObject`` with the function's name and its arguments,
/// and a name that the reader does not list ends the reading, or stays a name. Protocols 0 to 5.
/// Source: the module `pickletools` of Python's
/// standard library.
///
/// Bytes are slices of the given data. All else takes at most some 150 bytes for each byte of the pickle, and its
/// instructions are limited to ``instructionLimit``.
public struct Pickle: Sendable {
    /// What the pickle describes.
    public let value: PickleValue
    /// Where the pickle ends, an index of the data; another may follow.
    public let end: Data.Index

    /// What it refers to outside of itself, in the order of the file.
    public let references: [PickleItems]

    /// The most instructions that are followed: a hundred times those of a large network.
    public static let instructionLimit = 1 << 21

    /// Reads the pickle at the start of `data`.
    ///
    /// - Parameters:
    ///   - data: the pickle, and perhaps what follows it.
    ///   - name: what errors call the file.
    ///   - globals: the functions and classes that are described, such as `collections.OrderedDict`.
    ///   - unknown: what becomes of others.
    /// - Throws: ``ArchiveError``.
    public init(
        _ data: Data, named name: String, globals: Set<String>, unknown: UnknownGlobals = .refused
    ) throws(ArchiveError) {
        var machine = PickleMachine(PickleInput(data, file: name), globals: globals, unknown: unknown)
        let result = try machine.run()
        let nodes = PickleNodes(machine.nodes)
        value = nodes.value(result)
        references = nodes.references
        end = machine.input.position
    }

    /// Whether data begins as a pickle of protocol 2 or later does.
    public static func begins(_ data: Data) -> Bool {
        data.count >= 2 && data[data.startIndex] == PickleOpcode.proto.rawValue
            && (2...5).contains(data[data.startIndex + 1])
    }
}
