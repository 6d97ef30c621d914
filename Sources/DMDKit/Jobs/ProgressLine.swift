// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// A ``JobProgress`` on one line:
///
/// ```
/// distil  [########------------]  4,000/10,000 steps  40%  3.42 steps/s  29:14 left  loss 0.12
/// ```
public struct ProgressLine: CustomStringConvertible, Sendable {
    private let progress: JobProgress
    private let hasBar: Bool

    /// A line for some progress.
    ///
    /// - Parameters:
    ///   - progress: how far the job is.
    ///   - hasBar: whether there is a bar, for a line on a terminal that is written over and over.
    public init(_ progress: JobProgress, hasBar: Bool) {
        self.progress = progress
        self.hasBar = hasBar
    }

    /// The line, without an end.
    public var description: String {
        let (done, total, unit) = (progress.done, max(progress.total, 1), progress.unit)
        var parts = [progress.title]
        if hasBar {
            let filled = done * 20 / total
            parts.append(
                "[\(String(repeating: "#", count: filled))\(String(repeating: "-", count: 20 - filled))]")
        }
        parts.append("\(grouped(done))/\(grouped(progress.total)) \(unit)s")
        parts.append("\(done * 100 / total)%")
        if let perSecond = progress.perSecond {
            parts.append(
                perSecond >= 1
                    ? "\(threeDigits(perSecond)) \(unit)s/s" : "\(threeDigits(1 / perSecond)) s/\(unit)")
            if !progress.isLast {
                parts.append("\(hoursMinutesSeconds(Double(total - done) / perSecond)) left")
            }
        }
        if !progress.note.isEmpty { parts.append(progress.note) }
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
