// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation

/// What one client has not heard of the runs yet, as server-sent events. The identifier of an event says how far each run was
/// read, so that a client that comes back with it misses and repeats nothing.
struct RunFeed {
    private let runs: [RunView]
    private var cursors: [RunView.Cursor]
    /// Runs of which the client may have heard something that has no place in what follows.
    private var strange: Set<Int> = []
    private var told: [RunStatus?]
    private var quietTicks = 0

    /// Ticks without an event after which a comment shows that the connection lives.
    private static let patience = 30

    /// - Parameter identifier: that of the last event that the client has heard, if any.
    init(_ runs: [RunView], after identifier: String?) {
        self.runs = runs
        told = runs.map { _ in nil }
        let parts = (identifier ?? "").split(separator: ",").map { RunView.Cursor(String($0)) }
        let isKnown = parts.count == runs.count
        cursors = isKnown ? parts.map { $0 ?? .start } : runs.map { _ in .start }
        if identifier != nil { strange = Set(runs.indices.filter { !isKnown || parts[$0] == nil }) }
    }

    /// The events since the last call.
    mutating func next() -> [String] {
        var events: [String] = []
        for number in runs.indices {
            while let read = try? runs[number].lines(after: cursors[number]) {
                cursors[number] = read.end
                let isReset = read.isReset || strange.remove(number) != nil
                if !read.lines.isEmpty || isReset {
                    events.append(event("lines", Lines(run: number, isReset: isReset, lines: read.lines)))
                }
                guard read.hasMore else { break }
            }
            let status = runs[number].status()
            if status != told[number] {
                told[number] = status
                events.append(event("status", Status(run: number, status: status)))
            }
        }
        quietTicks = events.isEmpty ? quietTicks + 1 : 0
        if quietTicks >= Self.patience {
            quietTicks = 0
            return [": still here\n\n"]
        }
        return events
    }

    private struct Lines: Encodable {
        let run: Int
        let isReset: Bool
        let lines: [RunView.Line]
    }

    private struct Status: Encodable {
        let run: Int
        let status: RunStatus
    }

    private func event(_ name: String, _ value: some Encodable) -> String {
        let json = (try? JSONEncoder.answers.encode(value)) ?? Data("{}".utf8)
        let identifier = cursors.map(\.description).joined(separator: ",")
        return "id: \(identifier)\nevent: \(name)\ndata: \(String(decoding: json, as: UTF8.self))\n\n"
    }
}
