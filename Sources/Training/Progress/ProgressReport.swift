// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// Shows how far a long job is, how fast it goes and how long it will still take.
///
/// ```
/// distil  [########------------]  4,000/10,000 steps  40%  3.42 steps/s  29:14 left  loss/dm 0.12
/// ```
///
/// On a terminal that is one line, written over and over; in a log, where that would be noise, a line now and then
/// without the bar.
public struct ProgressReport {
    /// How the report is written.
    public enum Style: Equatable, Sendable {
        /// One line that is rewritten, cut to the width of the terminal.
        case rewritten(columns: Int)
        /// A line of its own at most every so often.
        case lines(every: Duration)

        /// Rewritten if the standard error is a terminal, else a line every ten seconds.
        public static var automatic: Style {
            guard isatty(STDERR_FILENO) == 1 else { return .lines(every: .seconds(10)) }
            var size = winsize()
            let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
            return .rewritten(columns: isKnown ? Int(size.ws_col) : 80)
        }

        fileprivate var interval: Duration {
            switch self {
            case .rewritten: .milliseconds(100)
            case .lines(let interval): interval
            }
        }
    }

    private let title: String
    private let total: Int
    private let unit: String
    private let style: Style
    private let elapsed: () -> Duration
    private let sink: (String) -> Void

    private var count: Int
    private var rate = ProgressRate()
    private var nextReport: Duration?

    /// - Parameters:
    ///   - title: what is done, in a word or two.
    ///   - total: how many there are to do, at least 1.
    ///   - done: how many of them were done before, by a run that this one continues.
    ///   - unit: what is counted, in the singular.
    ///   - elapsed: the time since any fixed moment; a clock that starts now if not given.
    ///   - sink: takes the text; the standard error if not given.
    public init(
        _ title: String, total: Int, done: Int = 0, unit: String = "step", style: Style = .automatic,
        elapsed: (() -> Duration)? = nil,
        sink: ((String) -> Void)? = nil
    ) {
        precondition(total >= 1 && (0...total).contains(done), "\(done) of \(total) is not a progress")
        self.title = title
        self.total = total
        self.unit = unit
        self.style = style
        self.elapsed = elapsed ?? Self.stopwatch()
        // A terminal that has gone does not end the job.
        self.sink = sink ?? { try? FileHandle.standardError.write(contentsOf: Data($0.utf8)) }
        count = done
        rate.update(count: done, at: self.elapsed())
    }

    /// Notes how many are done by now, and shows it if the time has come.
    ///
    /// - Parameter note: what to add to the line, such as a loss.
    public mutating func update(_ count: Int, note: String = "") {
        let now = elapsed()
        self.count = count
        rate.update(count: count, at: now)
        if let nextReport, now < nextReport { return }
        nextReport = now + style.interval
        show(line(left: rate.perSecond.map { Double(total - count) / $0 }, note: note))
    }

    /// Shows the last state and ends the line.
    ///
    /// - Parameter note: what to add to the line, such as where the result lies.
    public mutating func finish(note: String = "") {
        show(line(left: nil, note: note))
        if case .rewritten = style {
            sink("\n")
        }
    }

    private static func stopwatch() -> () -> Duration {
        let start = ContinuousClock.now
        return { start.duration(to: .now) }
    }

    private func show(_ line: String) {
        switch style {
        // Carriage return, text, erase what a longer line left.
        case .rewritten(let columns): sink("\r\(line.prefix(columns - 1))\u{1B}[K")
        case .lines: sink(line + "\n")
        }
    }

    private func line(left: Double?, note: String) -> String {
        var parts = [title]
        if case .rewritten = style {
            let filled = count * 20 / total
            parts.append(
                "[\(String(repeating: "#", count: filled))\(String(repeating: "-", count: 20 - filled))]")
        }
        parts.append("\(grouped(count))/\(grouped(total)) \(unit)s")
        parts.append("\(count * 100 / total)%")
        if let perSecond = rate.perSecond {
            parts.append(
                perSecond >= 1
                    ? "\(threeDigits(perSecond)) \(unit)s/s" : "\(threeDigits(1 / perSecond)) s/\(unit)")
        }
        if let left {
            parts.append("\(hoursMinutesSeconds(left)) left")
        }
        if !note.isEmpty {
            parts.append(note)
        }
        return parts.joined(separator: "  ")
    }
}

/// A whole number with commas between its thousands.
private func grouped(_ number: Int) -> String {
    number.formatted(.number.locale(Locale(identifier: "en_US")))
}

/// A number of at least 1 with three digits, more if it has more before the point.
private func threeDigits(_ number: Double) -> String {
    String(format: number >= 99.95 ? "%.0f" : number >= 9.995 ? "%.1f" : "%.2f", number)
}

/// A time as `m:ss` or `h:mm:ss`.
private func hoursMinutesSeconds(_ seconds: Double) -> String {
    let seconds = Int(seconds.rounded())
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
    return hours > 0
        ? String(format: "%d:%02d:%02d", hours, minutes, seconds % 60)
        : String(format: "%d:%02d", minutes, seconds % 60)
}
