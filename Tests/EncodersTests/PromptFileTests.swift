// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Encoders
import Foundation
import Testing

@Suite("Files of prompts")
final class PromptFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func file(_ name: String, _ text: String) throws -> URL { try file(name, Data(text.utf8)) }

    private func file(_ name: String, _ data: Data) throws -> URL {
        let file = folder.appending(path: name)
        try data.write(to: file)
        return file
    }

    private static let byteOrderMark = "\u{feff}"

    @Test(
        "tables and archives that are not read are told with a command that makes one that is",
        arguments: [
            ("a.parquet", "PAR1", "a table in Parquet", "pandas.read_parquet("),
            ("a.txt", "PAR1\0", "a table in Parquet", "pandas.read_parquet("),
            ("a.feather", "ARROW1\0\0", "a table in Arrow", "pandas.read_feather("),
            ("a.arrow", "\u{7f}", "a table in Arrow", "datasets.Dataset.from_file("),
            ("a.xlsx", "PK\u{3}\u{4}", "a spreadsheet", "pandas.read_excel("),
            ("a.tar", "x", "an archive", "tar xf "),
            ("a.json.zip", "PK\u{3}\u{4}", "a zip archive", "unzip "),
            ("it's $HOME.pq", "PAR1", "a table in Parquet", "/it'\\''s $HOME.pq' 'it'\\''s $HOME.csv'"),
        ])
    func otherForms(name: String, content: String, words: String, command: String) throws {
        let place = try file(name, content)
        let error = try #require(throws: PromptFileError.self) { try readPrompts(place) }
        #expect(
            error.description.hasPrefix(
                "\(place.path) is \(words), which is not read: make a file of prompts of it"))
        #expect(error.description.contains(command) && error.description.hasSuffix("`."))
    }

    @Test("what stands in the place of a file is no list of prompts")
    func substitutes() throws {
        let pointer = try file("a.txt", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
        let error = try #require(throws: PromptFileError.self) { try readPrompts(pointer) }
        #expect(error.description.contains("git lfs pull"))
    }

    @Test(
        "text has a prompt a line",
        arguments: [
            ("a cat\na dog\n", ["a cat", "a dog"]),
            ("a cat\r\na dog", ["a cat", "a dog"]),
            ("\n  \n\t a cat \u{b}\n\n", ["a cat"]),
            (byteOrderMark + "ein Kätzchen\n猫 \"Mia\", zwei", ["ein Kätzchen", "猫 \"Mia\", zwei"]),
            ("a", ["a"]),
        ])
    func lines(text: String, prompts: [String]) throws {
        #expect(try readPrompts(file("prompts.txt", text)) == prompts)
        #expect(try readPrompts(file("PROMPTS.TXT", text)) == prompts)
    }

    @Test(
        "a column of a file that has none is refused",
        arguments: [
            ("a.txt", "a cat"), ("a.json", #"["a cat", null]"#), ("a.jsonl", "\"a cat\"\nnull"),
        ])
    func noColumns(name: String, text: String) throws {
        let file = try file(name, text)
        #expect(try readPrompts(file)[0] == "a cat")
        let error = try #require(throws: PromptFileError.self) { try readPrompts(file, column: "text") }
        #expect(error == .noColumns(file: file.path))
        #expect(error.description.hasSuffix("leave the name of the column out."))
    }

    @Test("a table has a prompt a row", arguments: [",", "\t"])
    func table(separator: String) throws {
        func read(_ text: String, column: String? = nil) throws -> [String] {
            let text = text.replacing("|", with: separator)
            return try readPrompts(file(separator == "," ? "a.csv" : "a.tsv", text), column: column)
        }
        #expect(try read("URL|TEXT\nu| a cat \nv|a dog") == ["a cat", "a dog"])
        #expect(try read("text\na cat\n\n\r\na dog\n") == ["a cat", "a dog"])
        #expect(try read(Self.byteOrderMark + "\"Caption\"|n\r\n\"a cat\"|1\r\nb|\r\n") == ["a cat", "b"])
        #expect(
            try read("a|caption\n1|\"x|y\nsecond \"\"line\"\"\"\n2|z\n")
                == ["x|y\nsecond \"line\"", "z"].map {
                    $0.replacing("|", with: separator)
                })
        #expect(
            try read("caption\n\"\"\"quoted\"\"\"\n\" \"\"\"\"\"\"\"\"\"\"\"\n") == [
                "\"quoted\"", "\"\"\"\"\"",
            ])
        #expect(try read("prompt|text|Caption\n1|2|3") == ["3"])
        #expect(try read("prompt|text\n1|2") == ["2"])
        #expect(try read("prompt|text\n1|2", column: "Prompt") == ["1"])
        #expect(try read("n|title\n1|a 5\" pipe", column: "title") == ["a 5\" pipe"])
    }

    @Test("a row whose prompt is empty keeps its number")
    func emptyRows() throws {
        #expect(
            try readPrompts(file("a.csv", "n,text\n1,a\n2,\n3,\"\"\n4, \n5,b\n")) == ["a", "", "", "", "b"])
        #expect(try readPrompts(file("a.csv", "text\na\n\"\"\nb")) == ["a", "", "b"])
        #expect(try readPrompts(file("a.jsonl", "\"a\"\n\"\"\n{\"text\": \" \"}\n")) == ["a", "", ""])
        let gaps = "{\"url\": \"u\"}\n{\"text\": \"a\"}\n{\"text\": null}\nnull\n{\"url\": \"v\"}\n"
        #expect(try readPrompts(file("a.jsonl", gaps)) == ["", "a", "", "", ""])
    }

    @Test("lists of texts, COCO's captions and pickled lists are read")
    func lists() throws {
        #expect(try readPrompts(file("a.json", "[\"a\", \" b \", null]")) == ["a", "b", ""])
        #expect(try readPrompts(file("a.json", "[{\"prompt\": \"a\"}, {}]")) == ["a", ""])
        let coco = """
            {"info": {"year": 2014}, "images": [{"id": 9, "file_name": "9.jpg"}],
            "annotations": [{"image_id": 9, "id": 1, "caption": "A cat\\n"}, {"image_id": 9, "id": 2, "caption": "a dog"}]}
            """
        #expect(try readPrompts(file("captions_val2014.json", coco)) == ["A cat", "a dog"])
        // pickle.dumps(["a cat", " ein Kätzchen", None], protocol=2) and a call of a function.
        let list =
            Data("\u{80}\u{2}]q\0(".unicodeScalars.map { UInt8($0.value) })
            + Data([0x58, 5, 0, 0, 0]) + Data("a cat".utf8) + Data([0x58, 14, 0, 0, 0])
            + Data(" ein Kätzchen".utf8)
            + Data("Ne.".utf8)
        #expect(try readPrompts(file("a.pkl", list)) == ["a cat", "ein Kätzchen", ""])
        let call = Data([0x80, 2]) + Data("cos\nsystem\n".utf8) + Data("]R.".utf8)
        let refusal = #expect(throws: ArchiveError.self) { try readPrompts(file("a.pkl", call)) }
        #expect(refusal?.description.contains("os.system") == true)
    }

    @Test("a field of a table with tabs that only begins with a quote is taken as it is")
    func openingQuotes() throws {
        let table = "text\tn\n\"Sunset\" by the sea\t1\n\"unclosed\t2\n\"a\tb\"\t3\n\"\"\"x\"\"\"\t4\n"
        #expect(
            try readPrompts(file("a.tsv", table)) == ["\"Sunset\" by the sea", "\"unclosed", "a\tb", "\"x\""])
    }

    @Test("objects and strings are a prompt a line")
    func objects() throws {
        let text = """
            {"caption": " a \\"small\\" cat\\n", "url": "u", "sizes": [1, {"text": 2}]}

            "a dog \\ud83d\\ude00"\r
            {"n": 3, "caption": "ein Kätzchen"}
            """
        let prompts = ["a \"small\" cat", "a dog 😀", "ein Kätzchen"]
        #expect(try readPrompts(file("a.jsonl", text)) == prompts)
        #expect(try readPrompts(file("a.jsonl", Self.byteOrderMark + text), column: "CAPTION") == prompts)
        #expect(try readPrompts(file("a.jsonl", #"{"TEXT": "x", "prompt": "y"}"#)) == ["x"])
        #expect(try readPrompts(file("a.jsonl", #"{"TEXT": "x", "title": "y"}"#), column: "title") == ["y"])
    }

    private static let names = (1...12).map { "n\($0)" }

    @Test(
        "what is wrong is said with its place",
        arguments: [
            (
                "a.md", "x", nil,
                "FILE does not say by its ending how prompts are in it: give a file that ends in .txt, .csv, .tsv, .jsonl, .json or .pkl."
            ),
            ("a.txt", "", nil, "FILE has no prompts: give a file with at least one that is not empty."),
            ("a.txt", " \n\n", nil, "FILE has no prompts: give a file with at least one that is not empty."),
            ("a.csv", "", nil, "FILE has no prompts: give a file with at least one that is not empty."),
            ("a.csv", "text\n", nil, "FILE has no prompts: give a file with at least one that is not empty."),
            (
                "a.csv", "text,n\n,1\n", nil,
                "FILE has no prompts: give a file with at least one that is not empty."
            ),
            (
                "a.jsonl", "\"\"\n", nil,
                "FILE has no prompts: give a file with at least one that is not empty."
            ),
            (
                "a.txt", "a\0b", nil,
                "FILE is not UTF-8: it is UTF-16 or no text; convert UTF-16 with `iconv -f UTF-16 -t UTF-8`."
            ),
            (
                "a.csv", "url, title \nu,v", nil,
                "The table FILE has no column caption, text or prompt: name one of its columns, 'url', 'title'."
            ),
            (
                "a.tsv", "text,n\nu,v", nil,
                "The table FILE has no column caption, text or prompt: name one of its columns, 'text,n'."
            ),
            (
                "a.csv", "text,n\nu,v", "alt",
                "The table FILE has no column 'alt': name one of its columns, 'text', 'n'."
            ),
            (
                "a.tsv", names.joined(separator: "\t"), "n",
                "The table FILE has no column 'n': name one of its columns, 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8', 'n9', 'n10' and 2 more."
            ),
            (
                "a.csv", String(repeating: "long ", count: 20), nil,
                "The table FILE has no column caption, text or prompt: name one of its columns, 'long long long long long long long long ...'."
            ),
            (
                "a.csv", "text,n\na,1\n\nb, c,2", nil,
                "Line 4 of FILE has 3 fields instead of 2: put fields with separators in quotes, and leave none out."
            ),
            (
                "a.csv", "n,text\n1,\"a\nb\"\n2\n", nil,
                "Line 4 of FILE has 1 field instead of 2: put fields with separators in quotes, and leave none out."
            ),
            (
                "a.csv", "text,n\n\"a\nb\",1\n\"c,2\nd,3\n", nil,
                "A quote that opens on line 4 of FILE does not close: close it, or put the field in quotes and double those in it."
            ),
            (
                "a.csv", "text,n\na,1\n\"b\" c,2\n", nil,
                "The quoted field that begins on line 3 of FILE goes on after a quote on line 3: end it before that, or double the quotes in it."
            ),
            (
                "a.csv", "text,n\n\"a,1\n\"b\",2\n", nil,
                "The quoted field that begins on line 2 of FILE goes on after a quote on line 3: end it before that, or double the quotes in it."
            ),
            (
                "a.csv", "text\n\"b\"\r", nil,
                "The quoted field that begins on line 2 of FILE goes on after a quote on line 2: end it before that, or double the quotes in it."
            ),
            (
                "a.jsonl", "\"a\"\n\n[\"b\"]\n", nil,
                "Line 3 of FILE is neither a JSON object nor a JSON string: give one of them on each line."
            ),
            (
                "a.jsonl", "a cat", nil,
                "Line 1 of FILE is neither a JSON object nor a JSON string: give one of them on each line."
            ),
            (
                "a.jsonl", "{\"text\": \"a\"", nil,
                "Line 1 of FILE is neither a JSON object nor a JSON string: give one of them on each line."
            ),
            ("a.jsonl", "null", nil, "FILE has no prompts: give a file with at least one that is not empty."),
            (
                "a.json", "{\"images\": []}", nil,
                "FILE is not a list of texts, of objects that hold them, or COCO's captions: give one of these, or a .txt file with a prompt a line."
            ),
            (
                "a.json", "[\"a\", 3]", nil,
                "FILE is not a list of texts, of objects that hold them, or COCO's captions: give one of these, or a .txt file with a prompt a line."
            ),
            (
                "a.jsonl", "{\"url\": \"a\", \"n\": 1}", nil,
                "The object on line 1 of FILE has no key caption, text or prompt: name one that all have, it has 'n', 'url'."
            ),
            (
                "a.jsonl", "{}", "alt",
                "The object on line 1 of FILE has no key 'alt': name one that all have, it has none."
            ),
            (
                "a.jsonl", "{\"text\": 3}", nil,
                "The object on line 1 of FILE has for 'text' something other than text: give a string."
            ),
        ] as [(String, String, String?, String)])
    func refusals(name: String, text: String, column: String?, sentence: String) throws {
        let file = try file(name, text)
        let error = try #require(throws: PromptFileError.self) { try readPrompts(file, column: column) }
        #expect(error.description == sentence.replacing("FILE", with: file.path))
    }

    @Test("other encodings are named, with the way to UTF-8", arguments: ["a.txt", "a.csv", "a.jsonl"])
    func encodings(name: String) throws {
        let text = name == "a.jsonl" ? "\"text\"\n\"Kätzchen\"\n" : "text\nKätzchen\n"
        for encoding in [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian] {
            let file = try file(name, try #require(text.data(using: encoding)))
            let error = try #require(throws: PromptFileError.self) { try readPrompts(file) }
            #expect(
                error.description
                    == "\(file.path) is not UTF-8: it is UTF-16 or no text; convert UTF-16 with `iconv -f UTF-16 -t UTF-8`."
            )
        }
        let file = try file(name, try #require(text.data(using: .isoLatin1)))
        let error = try #require(throws: PromptFileError.self) { try readPrompts(file) }
        #expect(
            error.description
                == "\(file.path) is not UTF-8: line 2 has bytes that do not stand for text; convert it, from Latin-1 with "
                + "`iconv -f LATIN1 -t UTF-8`.")
    }

    @Test("a file that is not there, or a folder, is named")
    func unreadable() throws {
        let missing = folder.appending(path: "none.txt")
        let error = try #require(throws: PromptFileError.self) { try readPrompts(missing) }
        #expect(
            error.description
                == "\(missing.path) cannot be read: no such file or directory; give a file of prompts.")
        let directory = folder.appending(path: "folder.csv")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        #expect(throws: PromptFileError.self) { try readPrompts(directory) }
    }
}
