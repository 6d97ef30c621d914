// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// Lets no file of this process grow beyond so many bytes, as a disk that is full does; only for a process of one's own.
public func limitFiles(to bytes: UInt?) {
    signal(SIGXFSZ, SIG_IGN)
    var limit = rlimit()
    #if os(Linux)
        let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
    #else
        let resource = RLIMIT_FSIZE
    #endif
    getrlimit(resource, &limit)
    limit.rlim_cur = bytes.map { rlim_t($0) } ?? limit.rlim_max
    setrlimit(resource, &limit)
}
