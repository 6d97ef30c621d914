// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// The stack machine that a ``Pickle`` is a program for.
struct PickleMachine {
    typealias Item = PickleNode.Item

    private(set) var input: PickleInput
    private(set) var nodes: [PickleNode] = []
    private let globals: Set<String>
    private let unknown: UnknownGlobals
    private var stack: [Item] = []
    /// The heights of the stack at the marks that are open.
    private var marks: [Int] = []
    private var memo: [Int: Item] = [:]

    init(_ input: PickleInput, globals: Set<String>, unknown: UnknownGlobals) {
        self.input = input
        self.globals = globals
        self.unknown = unknown
    }

    /// Follows the instructions to the end, and gives what is then on top of the stack.
    mutating func run() throws(ArchiveError) -> Item {
        for _ in 0..<Pickle.instructionLimit {
            guard let opcode = PickleOpcode(rawValue: try input.byte()) else {
                throw input.damaged("has an instruction that is not known or needs more than the file")
            }
            if opcode == .stop { return try pop() }
            try execute(opcode)
        }
        throw input.damaged("has more than \(Pickle.instructionLimit) instructions")
    }

    private mutating func execute(_ opcode: PickleOpcode) throws(ArchiveError) {
        if let constant = try input.constant(opcode) { return stack.append(constant) }
        switch opcode {
        case .mark: marks.append(stack.count)
        case .pop: try dropOne()
        case .popMark: _ = try popToMark()
        case .duplicate: stack.append(try top())
        case .proto:
            guard try input.byte() <= 5 else { throw input.damaged("is of a protocol after 5") }
        case .frame: _ = try input.number(8)

        case .emptyList: push(.list)
        case .list: push(.list, try popToMark())
        case .append: try append([pop()])
        case .appends: try append(popToMark())
        case .emptyTuple: push(.tuple)
        case .tuple: push(.tuple, try popToMark())
        case .tuple1: push(.tuple, try pop(1))
        case .tuple2: push(.tuple, try pop(2))
        case .tuple3: push(.tuple, try pop(3))
        case .emptyDictionary: push(.dictionary)
        case .dictionary:
            let entries = try popToMark()
            push(.dictionary)
            try set(entries)
        case .setItem: try set(pop(2))
        case .setItems: try set(popToMark())
        case .emptySet: push(.set)
        case .addItems: try append(popToMark())
        case .frozenSet: push(.set, try popToMark())

        case .getLine: try get(input.intLine())
        case .get1: try get(Int(input.number(1)))
        case .get4: try get(Int(input.number(4)))
        case .putLine: memo[try input.intLine()] = try top()
        case .put1: memo[Int(try input.number(1))] = try top()
        case .put4: memo[Int(try input.number(4))] = try top()
        case .memoize: memo[memo.count] = try top()

        case .global: stack.append(try global(input.textLine(), input.textLine()))
        case .stackGlobal: try pushStackGlobal()
        case .reduce, .newObject: try call()
        case .newObjectByNames: try callByNames()
        case .instance:
            let callee = try global(input.textLine(), input.textLine())
            try push(callee, calledWith: popToMark())
        case .object:
            var arguments = try popToMark()
            guard !arguments.isEmpty else { throw input.damaged("makes an object of no class") }
            try push(arguments.removeFirst(), calledWith: arguments)
        case .build: try build()
        case .persistentLine: push(.persistent, [.string(try input.textLine())])
        case .persistent: try pushPersistent()
        default: preconditionFailure("the instruction \(opcode) is not implemented")
        }
    }

    // MARK: The stack

    private func top() throws(ArchiveError) -> Item {
        guard stack.count > marks.last ?? 0, let item = stack.last else {
            throw input.damaged("takes more from its stack than is there")
        }
        return item
    }

    private mutating func pop() throws(ArchiveError) -> Item {
        let item = try top()
        stack.removeLast()
        return item
    }

    private mutating func pop(_ count: Int) throws(ArchiveError) -> [Item] {
        guard stack.count - count >= marks.last ?? 0 else {
            throw input.damaged("takes more from its stack than is there")
        }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws(ArchiveError) -> [Item] {
        guard let mark = marks.last else { throw input.damaged("goes back to a mark that is not there") }
        defer { marks.removeLast() }
        return try pop(stack.count - mark)
    }

    /// Drops the last thing on the stack, a mark included.
    private mutating func dropOne() throws(ArchiveError) {
        if let mark = marks.last, mark == stack.count { marks.removeLast() } else { _ = try pop() }
    }

    private mutating func get(_ key: Int) throws(ArchiveError) {
        guard let item = memo[key] else { throw input.damaged("recalls \(key), which it has not kept") }
        stack.append(item)
    }

    // MARK: Containers

    private mutating func push(_ kind: PickleNode.Kind, _ items: [Item] = []) {
        stack.append(.node(nodes.count))
        nodes.append(PickleNode(kind: kind, items: items))
    }

    private mutating func append(_ items: [Item]) throws(ArchiveError) {
        let target = try top()
        if case .opaque = target { return }
        guard case .node(let number) = target else { throw input.damaged("appends to what is no list") }
        switch nodes[number].kind {
        case .list, .set, .object: nodes[number].items += items
        case .tuple, .dictionary, .persistent: throw input.damaged("appends to what is no list")
        }
    }

    private mutating func set(_ entries: [Item]) throws(ArchiveError) {
        guard entries.count.isMultiple(of: 2) else { throw input.damaged("sets a key without a value") }
        let target = try top()
        if case .opaque = target { return }
        guard case .node(let number) = target else {
            throw input.damaged("sets entries of what is no dictionary")
        }
        switch nodes[number].kind {
        case .dictionary, .object: nodes[number].entries += entries
        case .list, .tuple, .set, .persistent: throw input.damaged("sets entries of what is no dictionary")
        }
    }

    // MARK: Globals

    private func global(_ module: String, _ name: String) throws(ArchiveError) -> Item {
        let global = "\(module).\(name)"
        if globals.contains(global) || Self.reconstructors.contains(global) { return .global(global) }
        guard case .opaque = unknown, !isHarmful(module: module, name: name) else {
            throw .notData(file: input.file, global: String(global.prefix(200)))
        }
        return .opaque(String(global.prefix(200)))
    }

    private mutating func pushStackGlobal() throws(ArchiveError) {
        let names = try pop(2)
        guard case .string(let module) = names[0], case .string(let name) = names[1] else {
            throw input.damaged("names a global by what is no text")
        }
        stack.append(try global(module, name))
    }

    private mutating func call() throws(ArchiveError) {
        let parts = try pop(2)
        if case .opaque = parts[0] { return stack.append(parts[0]) }
        guard case .node(let arguments) = parts[1], case .tuple = nodes[arguments].kind else {
            throw input.damaged("makes a call whose arguments are no tuple")
        }
        try push(parts[0], argumentsNode: arguments)
    }

    /// What is known is never made by named arguments.
    private mutating func callByNames() throws(ArchiveError) {
        let parts = try pop(3)
        guard case .opaque = parts[0] else { throw input.damaged("makes an object by named arguments") }
        stack.append(parts[0])
    }

    private mutating func push(_ callee: Item, calledWith arguments: [Item]) throws(ArchiveError) {
        nodes.append(PickleNode(kind: .tuple, items: arguments))
        try push(callee, argumentsNode: nodes.count - 1)
    }

    private mutating func push(_ callee: Item, argumentsNode: Int) throws(ArchiveError) {
        if case .opaque = callee { return stack.append(callee) }
        guard case .global(let name) = callee else { throw input.damaged("calls what is no function") }
        if Self.reconstructors.contains(name) { return try reconstruct(nodes[argumentsNode].items) }
        push(.object(global: name, arguments: argumentsNode))
    }

    /// By which protocols 0 and 1 make an object: of a class, its built-in base, and what that base is made of.
    private static let reconstructors: Set<String> = ["copy_reg._reconstructor", "copyreg._reconstructor"]

    private mutating func reconstruct(_ arguments: [Item]) throws(ArchiveError) {
        guard arguments.count == 3 else { throw input.damaged("makes an object of no class") }
        try push(arguments[0], calledWith: [])
        guard case .node(let content) = arguments[2], case .node(let made)? = stack.last else { return }
        switch nodes[content].kind {
        case .list, .dictionary:
            // Moved, for no copy may be larger than the bytes that ask for it; Python makes such a base for this use alone.
            (nodes[made].items, nodes[content].items) = (nodes[content].items, [])
            (nodes[made].entries, nodes[content].entries) = (nodes[content].entries, [])
        case .tuple, .set, .persistent, .object: break
        }
    }

    private mutating func build() throws(ArchiveError) {
        let state = try pop()
        let target = try top()
        if case .opaque = target { return }
        guard case .node(let number) = target, case .object = nodes[number].kind else {
            throw input.damaged("gives a state to what is no object")
        }
        nodes[number].state = state
    }

    private mutating func pushPersistent() throws(ArchiveError) {
        let reference = try pop()
        if case .node(let number) = reference, case .tuple = nodes[number].kind {
            push(.persistent, nodes[number].items)
        } else {
            push(.persistent, [reference])
        }
    }
}
