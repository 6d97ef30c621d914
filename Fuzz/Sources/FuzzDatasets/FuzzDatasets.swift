// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Images
import Scratch

/// Opens an image set of the kind that the first byte names, and reads its images.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let data = input(bytes, count)
    guard let kind = data.first else { return 0 }
    let names = [
        "train-images-idx3-ubyte", "set.zip", "data_batch_1.bin", "cifar.tar.gz", "t10k.gz", "samples.npz",
    ]
    let file = place(data.dropFirst(), as: names[Int(kind) % names.count])
    for size in [nil, 8] {
        let set = try? openDataset(
            at: file, split: kind & 8 == 0 ? .train : .test, size: size, turnsImages: kind & 16 == 0)
        guard let set else {
            continue
        }
        _ = try? set.images(at: Array(0..<min(set.count, 4)))
        _ = set.labels?.max()
        _ = set.classNames
    }
    return 0
}
