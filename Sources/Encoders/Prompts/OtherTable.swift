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
        let path = file.relativePath
        let result = file.deletingPathExtension().lastPathComponent + ".csv"
        func pandas(_ reader: String) -> String {
            "python3 -c \"import pandas; pandas.\(reader)('\(path)').to_csv('\(result)', index=False)\""
        }
        switch ending {
        case "xlsx", "xls", "ods": (words, command) = ("a spreadsheet", pandas("read_excel"))
        case _ where kind == .parquet: (words, command) = ("a table in Parquet", pandas("read_parquet"))
        case "parquet", "pq": (words, command) = ("a table in Parquet", pandas("read_parquet"))
        case _ where kind == .arrow, "feather":
            (words, command) = ("a table in Arrow", pandas("read_feather"))
        case "arrow":
            words = "a table in Arrow"
            command =
                "python3 -c \"import datasets; datasets.Dataset.from_file('\(path)').to_csv('\(result)', index=False)\""
        case "tar":
            words = "an archive"
            command =
                "mkdir captions; tar xf '\(path)' -C captions; for f in captions/*.txt; do cat \"$f\"; echo; done > prompts.txt"
        case _ where kind == .gzip: (words, command) = ("a gzip file", "gunzip -k '\(path)'")
        case _ where kind == .zip: (words, command) = ("a zip archive", "unzip '\(path)'")
        default: return nil
        }
    }
}
