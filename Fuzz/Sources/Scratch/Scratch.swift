// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// A folder of this process for readers that want a file: in memory where the system has such a place.
public let scratch: URL = {
    let memory = "/dev/shm"
    let place = FileManager.default.fileExists(atPath: memory) ? memory : NSTemporaryDirectory()
    let folder = URL(filePath: place).appending(
        path: "fuzz-\(ProcessInfo.processInfo.processIdentifier)", directoryHint: .isDirectory)
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}()

/// Writes a file of the scratch folder.
public func place(_ data: Data, as name: String) -> URL {
    let file = scratch.appending(path: name)
    _ = FileManager.default.createFile(atPath: file.path, contents: data)
    return file
}

/// The input that libFuzzer gives.
public func input(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Data {
    Data(UnsafeBufferPointer(start: bytes, count: count))
}

/// The low 32 bits of a cyclic redundancy check, bits reflected, inverted before and after.
public func check(_ data: some Sequence<UInt8>, polynomial: UInt32) -> UInt32 {
    ~data.reduce(~0) { rest, byte in
        (0..<8).reduce(rest ^ UInt32(byte)) { rest, _ in (rest >> 1) ^ (rest & 1 == 1 ? polynomial : 0) }
    }
}
