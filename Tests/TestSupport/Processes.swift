// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Synchronization
public import Torch

/// Runs `body` as each of some processes that share a run, which here are threads that meet as processes do.
///
/// - Returns: what each made or threw, by rank.
public func inProcesses<R: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Communicator) throws -> R
) throws -> [Result<R, any Error>] {
    let variables = try launchVariables(count)
    let results = Mutex([Int: Result<R, any Error>]())
    let ended = DispatchGroup()
    for (rank, variables) in variables.enumerated() {
        ended.enter()
        let thread = Thread {
            let result = Result { () throws -> R in
                guard let launch = try Launch(variables) else { throw CocoaError(.featureUnsupported) }
                return try body(Communicator(launch, patience: .seconds(60), timeout: .seconds(60)))
            }
            results.withLock { $0[rank] = result }
            ended.leave()
        }
        thread.stackSize = 8 << 20
        thread.start()
    }
    ended.wait()
    return results.withLock { results in results.sorted { $0.key < $1.key }.map(\.value) }
}

/// The variables of each of some processes that can meet on this machine.
public func launchVariables(_ count: Int) throws -> [[String: String]] {
    let port = try freePort()
    return (0..<count).map {
        ["RANK": "\($0)", "WORLD_SIZE": "\(count)", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(port)"]
    }
}

/// A port that nobody listens at.
private func freePort() throws -> UInt16 {
    #if canImport(Glibc)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, size) == 0 ? getsockname(descriptor, $0, &size) : -1
        }
    }
    guard status == 0 else { throw CocoaError(.fileReadUnknown) }
    return UInt16(bigEndian: address.sin_port)
}
