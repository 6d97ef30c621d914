// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Synchronization

/// Pictures that a client fetches by an address of their own, for a while: the last few, in memory.
final class KeptImages: Sendable {
    /// Where they are; what follows cannot be guessed.
    static let path = "/v1/images/files/"
    private static let most = 64

    private let kept = Mutex<[(name: String, png: Data)]>([])

    /// Keeps a picture.
    ///
    /// - Returns: its path.
    func keep(_ png: Data) -> String {
        let name = "\(UUID().uuidString.lowercased()).png"
        kept.withLock { kept in
            kept.append((name, png))
            if kept.count > Self.most { kept.removeFirst() }
        }
        return Self.path + name
    }

    /// A picture by its name; nil if there is none any more.
    func png(named name: String) -> Data? { kept.withLock { kept in kept.first { $0.name == name }?.png } }
}
