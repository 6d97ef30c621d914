// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation

let folders = CommandLine.arguments.dropFirst()
guard folders.count == 2, let judged = folders.first, let other = folders.last else {
    print("Usage: CompareFolders FOLDER FOLDER")
    exit(2)
}
let card = try await Evaluate(judged, against: other, distanceOnly: true).result()
print("Frechet distance:", card.value(of: .frechetDistance) ?? .nan)
