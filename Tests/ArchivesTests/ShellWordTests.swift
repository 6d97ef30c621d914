// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation
import Testing

@Suite("A word of a shell's command")
struct ShellWordTests {
    @Test(
        "is what the shell hands on",
        arguments: [
            "a.bmp", "a b.bmp", "it's.bmp", "''", "$HOME", "`ls`", #"a\\b"#, "\"x\"", "*", "a;b", "a\nb",
            "#a", "~", "café", "a&b", "", "!x",
            "a=b", "{a,b}", "(", "猫.png",
        ])
    func quoted(text: String) throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "printf %s \(shellWord(text))"]
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(String(decoding: data, as: UTF8.self) == text)
    }

    @Test("stays as it is where it can, and is no option")
    func plain() {
        #expect(shellWord("runs/a-1/x_2.png") == "runs/a-1/x_2.png")
        #expect(shellWord("-x.tar") == "./-x.tar")
    }
}
