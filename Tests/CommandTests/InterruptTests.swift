// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Testing
import dmd

/// Sends the own process a signal and waits, for five seconds at most, until it was noticed.
private func send(_ signal: CInt) {
    kill(getpid(), signal)
    for _ in 0..<500 where !Interrupt.isRequested {
        usleep(10_000)
    }
}

@Suite struct InterruptTests {
    @Test func firstSignalOnlyAsks() async {
        await #expect(processExitsWith: .exitCode(143)) {
            Interrupt.install()
            guard !Interrupt.isRequested, Interrupt.exitStatus == 0 else { exit(1) }
            send(SIGTERM)
            guard Interrupt.isRequested else { exit(2) }
            exit(Interrupt.exitStatus)
        }
    }

    @Test func hangUpIsIgnored() async {
        await #expect(processExitsWith: .exitCode(7)) {
            Interrupt.install()
            kill(getpid(), SIGHUP)
            kill(getpid(), SIGPIPE)
            usleep(50_000)
            exit(Interrupt.isRequested ? 1 : 7)
        }
    }

    @Test func secondSignalEndsTheProcess() async {
        await #expect(processExitsWith: .exitCode(130)) {
            Interrupt.install()
            send(SIGTERM)
            send(SIGINT)
            sleep(5)
            exit(1)
        }
    }
}
