// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// How many characters to insert, delete or replace to turn one text into the other (Levenshtein's distance); upper
/// and lower case count as the same.
func editDistance(_ first: some StringProtocol, _ second: some StringProtocol) -> Int {
    let second = Array(second.lowercased())
    var row = Array(0...second.count)
    for (i, character) in first.lowercased().enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, other) in second.enumerated() {
            let replaced = diagonal + (character == other ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
        }
    }
    return row[second.count]
}
