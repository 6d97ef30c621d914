// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Distillation
import Foundation
import Testing
import Torch

/// Steps run in a process of their own: other tests' tensors and memory would count, too.
@Suite("A thousand steps of distillation")
struct LeakTests {
    @Test("leave no tensor behind, and no memory")
    func leaks() async {
        await #expect(processExitsWith: .success) {
            let toy = Toy(Mixture(centers: [[-0.6, 0], [0.6, 0.2]], shares: [0.5, 0.5], width: 0.1))
            let distiller = try toy.distiller(Toy.recipe { $0.steps = 1_000 })
            let tensors = LibTorch.liveTensors
            for index in 0..<100 { _ = try distiller.step(index) }
            let memory = residentBytes()
            for index in 100..<1_000 { _ = try distiller.step(index) }
            let growth = LibTorch.liveTensors - tensors
            #expect(growth == 0, "\(growth) tensors are left")
            if let memory, let after = residentBytes() {
                #expect(after - memory < 8 << 20, "memory has grown by \(after - memory) bytes")
            }
        }
    }
}

/// The memory of this process that is not swapped out; nil where the system does not tell.
private func residentBytes() -> Int? {
    #if os(Linux)
        // Pages of the whole program, then of what is resident.
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    #else
        return nil
    #endif
}
