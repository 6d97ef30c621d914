// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

package import Foundation

/// Begins a folder that several processes may make together: makes it, and writes the file that tells what it is made of,
/// unless that is there. What is there may be of another begin, so that it has to be read and compared.
package func beginFolder(_ folder: URL, manifest: some Encodable, at url: URL) throws {
    func isBegun() -> Bool { FileManager.default.fileExists(atPath: url.path) }
    try makeFolder(folder)
    guard !isBegun() else { return }
    let claim = try FileClaim(waitingFor: url)
    if !isBegun() { try writeAtomically(JSONEncoder.file.encode(manifest), to: url) }
    claim.fulfil()
}
