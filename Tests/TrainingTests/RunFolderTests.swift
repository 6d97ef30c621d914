// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation
import TestSupport
import Testing
import Training

private struct Settings: Recipe {
    var steps = 10
    var rate = 0.5
    var crop: Int?

    func validate() throws {}
}

@Suite struct RunFolderTests {
    @Test func newFolderGetsItsParts() throws {
        try withTemporaryFolder { parent in
            let folder = RunFolder(parent.appending(path: "a/b"))
            let result = try folder.run(Settings(steps: 3)) { 7 }
            #expect(result == 7)
            #expect(try folder.url.contents == [".lock", "checkpoints", "events", "recipe.yaml", "samples"])
            #expect(try folder.recipe(as: Settings.self) == Settings(steps: 3))
        }
    }

    @Test func sameRecipeGoesOn() throws {
        try withTemporaryFolder { url in
            try RunFolder(url).run(Settings()) {}
            try RunFolder(url).run(Settings()) {}
        }
    }

    @Test func otherRecipeIsRefusedWithTheKeys() throws {
        try withTemporaryFolder { parent in
            let folder = RunFolder(URL(filePath: "x", relativeTo: parent))
            try folder.run(Settings()) {}
            var ran = false
            let error = #expect(throws: RunFolderError.self) {
                try folder.run(Settings(steps: 20, crop: 3)) { ran = true }
            }
            #expect(!ran)
            #expect(
                error?.description
                    == "x holds a run with another recipe, where `steps` is 10 there and 20 now, "
                    + "`crop` is null there and 3 now; go on with those settings, override these "
                    + "keys, or choose another folder.")
            #expect(try folder.recipe(as: Settings.self) == Settings())
        }
    }

    @Test func secondRunIsKeptOut() throws {
        try withTemporaryFolder { parent in
            let url = URL(filePath: "x", relativeTo: parent)
            try RunFolder(url).run(Settings()) {
                let error = #expect(throws: RunFolderError.self) { try RunFolder(url).run(Settings()) {} }
                #expect(error == .inUse(folder: "x", process: "\(getpid())"))
            }
            try RunFolder(url).run(Settings()) {}
        }
    }

    @Test func lockOfAKilledRunIsTaken() throws {
        try withTemporaryFolder { url in
            try "999999999\n".write(to: url.appending(path: ".lock"), atomically: true, encoding: .utf8)
            var ran = false
            try RunFolder(url).run(Settings()) { ran = true }
            #expect(ran)
        }
    }

    @Test func lockIsFreedByAnError() throws {
        struct Stop: Error {}
        try withTemporaryFolder { url in
            #expect(throws: Stop.self) { try RunFolder(url).run(Settings()) { throw Stop() } }
            try RunFolder(url).run(Settings()) {}
        }
    }

    @Test("a lock falls with its file, though a child that is being made has the file open a moment longer")
    func lockFallsWithItsFile() throws {
        try withTemporaryFolder { url in
            let lock = url.appending(path: "lock")
            var copy: CInt = -1
            defer { close(copy) }
            do {
                let file = try OpenFile(lock, O_RDWR | O_CREAT)
                #expect(flock(file.descriptor, LOCK_EX | LOCK_NB) == 0)
                copy = dup(file.descriptor)
            }
            let file = try OpenFile(lock, O_RDWR)
            #expect(flock(file.descriptor, LOCK_EX | LOCK_NB) == 0)
        }
    }

    @Test func fileInTheWayIsNamedBeforeAnyWork() throws {
        try withTemporaryFolder { parent in
            let file = URL(filePath: "x", relativeTo: parent)
            try Data("precious".utf8).write(to: file)
            var ran = false
            let error = #expect(throws: FileError.self) { try RunFolder(file).run(Settings()) { ran = true } }
            #expect(!ran)
            #expect(error?.problem == .notAFolder)
            #expect(error?.path == "x")
            #expect(try Data(contentsOf: file) == Data("precious".utf8))
            let below = #expect(throws: FileError.self) {
                try RunFolder(file.appending(path: "y")).run(Settings()) {}
            }
            #expect(below?.problem == .notAFolder)
        }
    }

    @Test func wholeFileReplacesAndLeavesNothingBeside() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "a")
            try writeAtomically(Data("old".utf8), to: file)
            try writeAtomically(Data("new".utf8), to: file)
            #expect(try Data(contentsOf: file) == Data("new".utf8))
            #expect(try folder.contents == ["a"])
        }
    }

    @Test func failedWholeFileLeavesNothingBeside() throws {
        try withTemporaryFolder { folder in
            // A folder cannot be replaced by a file.
            let target = folder.appending(path: "a")
            try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
            let error = #expect(throws: FileError.self) { try writeAtomically(Data("new".utf8), to: target) }
            #expect(error?.path == target.relativePath)
            #expect(try folder.contents == ["a"])
            // A folder that is not there is made, unless a file is in its way.
            try writeAtomically(Data("new".utf8), to: folder.appending(path: "b/c"))
            #expect(try folder.appending(path: "b").contents == ["c"])
            let beneath = folder.appending(path: "b/c/d")
            #expect(throws: FileError.self) { try writeAtomically(Data(), to: beneath) }
            #expect(try Data(contentsOf: folder.appending(path: "b/c")) == Data("new".utf8))
        }
    }
}
