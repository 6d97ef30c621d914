// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// What the system said of a file, such as `no such file or directory`, where Foundation only says that something could
/// not be done.
package func cause(of error: any Error) -> String {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? error
    let code: CInt? =
        switch (error as? CocoaError)?.code {
        case .fileWriteOutOfSpace: ENOSPC
        case .fileWriteVolumeReadOnly: EROFS
        default: (underlying as? POSIXError)?.code.rawValue
        }
    return code.map { String(cString: strerror($0)).lowercased() } ?? error.localizedDescription
}
