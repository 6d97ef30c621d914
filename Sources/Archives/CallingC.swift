// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CArchives

/// Runs a call of CArchives with its buffer for errors, and returns what the call wrote there if it failed.
func reason(_ body: (UnsafeMutablePointer<CChar>) -> Bool) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CARCHIVES_ERROR_CAPACITY)) { buffer in
        buffer.initialize(repeating: 0)
        guard let error = buffer.baseAddress else { preconditionFailure("no room for an error's text") }
        return body(error) ? nil : String(cString: error)
    }
}
