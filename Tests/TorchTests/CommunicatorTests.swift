// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import TestSupport
import Testing
import Torch

@Suite("Processes that work together")
struct CommunicatorTests {
    @Test("hand each other rows, also of different numbers, flags and numbers")
    func gathering() throws {
        let results = try inProcesses(3) { processes in
            let rank = processes.rank
            let even = try processes.gathered(Tensor([Double(rank), 10], shape: [1, 2]))
            let uneven = try processes.concatenated(Tensor.full([rank, 2], value: Double(rank)))
            return (
                even.array(as: Double.self), uneven.shape, uneven.array(as: Double.self),
                try processes.numbers(rank * rank), try processes.any(rank == 2), try processes.any(false)
            )
        }
        for result in results {
            let (even, shape, uneven, numbers, isAny, isNone) = try result.get()
            #expect(even == [0, 10, 1, 10, 2, 10])
            #expect(shape == [3, 2])
            #expect(uneven == [1, 1, 2, 2, 2, 2])
            #expect(numbers == [0, 1, 4])
            #expect(isAny && !isNone)
        }
    }

    /// The gradient of eight losses, summed up by as many processes as there are.
    private static func sum(_ processes: Communicator) throws -> [Float] {
        // More than a bucket's worth would take long; lengths that the number of processes does not divide do not.
        let leaves = [Tensor.zeros([999]), .zeros([3, 7])]
        for leaf in leaves { leaf.setRequiresGrad(true) }
        let share = processes.share(of: 8)
        _ = accumulateGradients(of: leaves, over: share.count, threads: 1) { index in
            let slopes = leaves.map { leaf in
                var stream = RandomStream(seed: 1, purpose: "test", step: share.lowerBound + index)
                return (leaf * stream.normal(leaf.shape)).sum()
            }
            return (slopes[0] + slopes[1], ())
        }
        let gradients = leaves.compactMap(\.gradient)
        try processes.sum(gradients)
        return gradients.flatMap { $0.array(as: Float.self) }
    }

    @Test("sum gradients to the bits of one process", arguments: [2, 4, 8])
    func sums(count: Int) throws {
        let alone = try Self.sum(.alone)
        for result in try inProcesses(count, Self.sum) { #expect(try result.get() == alone) }
        // The order matters: one after another gives other bits.
        let inOrder = (0..<8).reduce([Float](repeating: 0, count: 999)) { sum, index in
            var stream = RandomStream(seed: 1, purpose: "test", step: index)
            return zip(sum, stream.normal([999]).array(as: Float.self)).map { $0 + $1 }
        }
        #expect(inOrder != Array(alone.prefix(999)))
    }

    @Test("tell when they were given different things")
    func disagreement() throws {
        let results = try inProcesses(3) { processes in
            try processes.check("version", "1")
            try processes.check("recipe", processes.rank == 1 ? "a" : "b")
        }
        for (rank, result) in results.enumerated() {
            #expect(throws: CommunicatorError.otherSettings(what: "recipe", rank: rank, ranks: [1])) {
                try result.get()
            }
        }
    }

    @Test("name the one that has ended")
    func loss() throws {
        struct Ended: Error {}
        let results = try inProcesses(3) { processes in
            // Until all have met, it would be missed and not lost.
            try processes.wait()
            if processes.rank == 2 { throw Ended() }
            try processes.wait()
        }
        #expect(throws: Ended.self) { try results[2].get() }
        for rank in 0..<2 {
            let error = #expect(throws: CommunicatorError.self) { try results[rank].get() }
            guard case .lost(rank, 3, let gone, _) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            // Whoever noticed first has ended by now, too.
            #expect(gone.contains(2))
        }
    }

    @Test("do not wait for ever for one that lives and does not answer")
    func waiting() throws {
        let variables = try launchVariables(2)
        let isDone = DispatchSemaphore(value: 0)
        Thread {
            let processes = try? Launch(variables[1]).map { try Communicator($0, patience: .seconds(60)) }
            isDone.wait()
            withExtendedLifetime(processes) {}
            isDone.signal()
        }.start()
        let launch = try #require(try Launch(variables[0]))
        let processes = try Communicator(launch, patience: .seconds(60), timeout: .seconds(1))
        let error = #expect(throws: CommunicatorError.self) { try processes.wait() }
        isDone.signal()
        isDone.wait()
        guard case .lost(0, 2, gone: [], let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("Timed out"))
    }

    @Test("do not wait for ever for one that does not come")
    func missing() throws {
        let launch = try #require(try Launch(launchVariables(2)[0]))
        #expect(throws: CommunicatorError.missing(rank: 0, count: 2, ranks: [1])) {
            try Communicator(launch, patience: .milliseconds(300))
        }
    }

    @Test("say where nobody is")
    func unreachable() throws {
        let launch = try #require(try Launch(launchVariables(2)[1]))
        let error = #expect(throws: CommunicatorError.self) {
            try Communicator(launch, patience: .milliseconds(500))
        }
        guard case .unreachable(1, let address, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(address.hasPrefix("127.0.0.1:"))
    }
}
