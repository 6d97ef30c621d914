// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// The paths that a pattern such as `shards/{000..015}.tar` or `{a,b}.tar` stands for, as a shell would write them out; the path itself where
/// it has no braces.
///
/// Numbers keep the width of the first one, and may fall. At most a million paths come of it; a pattern of more, and one whose braces do not
/// match, is taken as it is.
package func expandingBraces(_ pattern: String) -> [String] {
    let most = 1_000_000
    guard let open = pattern.firstIndex(of: "{"), let close = pattern[open...].firstIndex(of: "}"),
        let choices = choices(pattern[pattern.index(after: open)..<close]), choices.count <= most
    else { return [pattern] }
    let rest = expandingBraces(String(pattern[pattern.index(after: close)...]))
    guard rest.count <= most / choices.count else { return [pattern] }
    return choices.flatMap { choice in rest.map { "\(pattern[..<open])\(choice)\($0)" } }
}

/// What is between braces: `a,b,c` or `08..12`.
private func choices(_ text: Substring) -> [String]? {
    if text.contains(",") {
        return text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let ends = text.split(separator: ".", omittingEmptySubsequences: false)
    guard ends.count == 3, ends[1].isEmpty, let first = Int(ends[0]), let last = Int(ends[2]), first >= 0,
        last >= 0,
        abs(last - first) < 1_000_000
    else { return nil }
    let width = ends[0].count
    return stride(from: first, through: last, by: first <= last ? 1 : -1).map { number in
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
