// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Synchronization

private let requested = Atomic(false)

/// The first Ctrl-C asks for a checkpoint; the second one ends the program at once.
enum Interruption {
    /// Whether to stop.
    static var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// Listens from now on.
    static func listen() {
        _ = isRequested  // A handler must not be the first to touch a global.
        signal(SIGINT) { _ in
            requested.store(true, ordering: .relaxed)
            signal(SIGINT, SIG_DFL)
        }
    }
}
