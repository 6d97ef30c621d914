// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Scratch
import Training

/// Goes on with a run whose event file, log or checkpoint is the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let data = input(bytes, count)
    guard let kind = data.first else { return 0 }
    let contents = data.dropFirst()
    switch kind % 4 {
    case 0:
        _ = place(contents, as: EventWriter.fileName)
        _ = try? EventWriter(scratch, after: 5)
    case 1:
        _ = place(framed(contents), as: EventWriter.fileName)
        _ = try? EventWriter(scratch, after: 5)
    case 2:
        let file = place(contents, as: "log.jsonl")
        _ = try? ScalarLog.lines(of: file)
        _ = try? ScalarLog(file, after: 5)
    default:
        _ = place(contents, as: "manifest.json")
        _ = place(contents, as: "state.json")
        do {
            let checkpoint = try Checkpoint(scratch)
            _ = try checkpoint.state(as: [String: Double].self)
        } catch {
            _ = "\(error)"
        }
    }
    return 0
}

/// Two records whose check sums are right: an event, and what follows it.
private func framed(_ data: Data) -> Data {
    func little(_ number: some FixedWidthInteger) -> Data {
        withUnsafeBytes(of: number.littleEndian) { Data($0) }
    }
    func masked(_ data: Data) -> Data {
        let sum = check(data, polynomial: 0x82F6_3B78)
        return little((sum >> 15 | sum << 17) &+ 0xA282_EAD8)
    }
    let half = data.prefix(data.count / 2)
    return [half, data.dropFirst(half.count)].reduce(Data()) { file, event in
        let length = little(UInt64(event.count))
        return file + length + masked(length) + event + masked(event)
    }
}
