// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation

/// A file that captions often come in and that is not read, and a command that makes one of it that is.
struct OtherTable {
    let words: String
    let command: String

    /// Nil if the file is none of these, by its first bytes or else by its ending.
    init?(_ data: Data, at file: URL) {
        let kind = ContentKind(data)
        let ending = file.pathExtension.lowercased()
        let path = shellWord(file.relativePath)
        func python(_ module: String, _ table: String) -> String {
            let result = shellWord(file.deletingPathExtension().lastPathComponent + ".csv")
            return
                "python3 -c 'import sys, \(module); \(table)(sys.argv[1]).to_csv(sys.argv[2], index=False)' \(path) \(result)"
        }
        switch ending {
        case "xlsx", "xls", "ods": (words, command) = ("a spreadsheet", python("pandas", "pandas.read_excel"))
        case _ where kind == .parquet, "parquet", "pq":
            (words, command) = ("a table in Parquet", python("pandas", "pandas.read_parquet"))
        case _ where kind == .arrow, "feather":
            (words, command) = ("a table in Arrow", python("pandas", "pandas.read_feather"))
        case "arrow":
            (words, command) = ("a table in Arrow", python("datasets", "datasets.Dataset.from_file"))
        case "tar":
            words = "an archive"
            command =
                "mkdir captions; tar xf \(path) -C captions; for f in captions/*.txt; do cat \"$f\"; echo; done > prompts.txt"
        case _ where kind == .gzip: (words, command) = ("a gzip file", "gunzip -k \(path)")
        case _ where kind == .zip: (words, command) = ("a zip archive", "unzip \(path)")
        default: return nil
        }
    }
}
