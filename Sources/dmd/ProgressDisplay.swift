// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation
import Synchronization

/// Shows how jobs go: on a terminal one line that is written over and over; in a log, where that would be noise, a line
/// every ten seconds.
final class ProgressDisplay: Sendable {
    private let columns: Int?
    private let state = Mutex(State())

    private struct State {
        /// When the next line may be shown.
        var next = ContinuousClock.now
        /// Whether the terminal's last line has no end yet.
        var isOpen = false
    }

    init() {
        guard isatty(STDERR_FILENO) == 1 else {
            columns = nil
            return
        }
        var size = winsize()
        let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        columns = isKnown ? Int(size.ws_col) : 80
    }

    /// Shows an update.
    func show(_ update: JobUpdate) {
        switch update {
        case .progress(let progress): show(progress)
        case .message(let sentence): write("\(sentence)\n")
        case .warning(let sentence): write("Warning: \(sentence)\n")
        case .scalars, .picture: break
        }
    }

    private func show(_ progress: JobProgress) {
        state.withLock { state in
            guard progress.isLast || ContinuousClock.now >= state.next else { return }
            state.next = .now + (columns == nil ? .seconds(10) : .milliseconds(100))
            let line = ProgressLine(progress, hasBar: columns != nil).description
            guard let columns else { return Terminal.say("\(line)\n") }
            // Carriage return, text, erase what a longer line left.
            Terminal.say("\r\(line.prefix(columns - 1))\u{1B}[K\(progress.isLast ? "\n" : "")")
            state.isOpen = !progress.isLast
        }
    }

    private func write(_ text: String) {
        state.withLock { state in
            Terminal.say((state.isOpen ? "\n" : "") + text)
            state.isOpen = false
        }
    }
}
