// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Synchronization

/// The signal that came first, or 0.
private let received = Atomic<CInt>(0)

/// Lets a run end in good order when it is asked to: the first Ctrl-C (SIGINT) or SIGTERM only sets a flag, which the
/// loop looks at after each step; the second one ends the process at once, with the usual status of 130 or 143.
///
/// A run also outlives its terminal: SIGHUP does nothing, and neither does a reader of its output that has gone.
public enum Interrupt {
    /// Whether the loop should write its checkpoint and stop.
    public static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

    /// The exit status that says which signal ended the run: 130 for SIGINT, 143 for SIGTERM; 0 if none came.
    public static var exitStatus: CInt {
        let signal = received.load(ordering: .relaxed)
        return signal == 0 ? 0 : 128 + signal
    }

    /// Starts to listen, for the rest of the process's life.
    public static func install() {
        // A handler may run between any two instructions: it must not allocate, lock, or initialise a global.
        _ = isRequested
        var heard = sigset_t()
        sigemptyset(&heard)
        for number in [SIGINT, SIGTERM] {
            sigaddset(&heard, number)
            signal(number) { caught in
                if received.exchange(caught, ordering: .relaxed) != 0 {
                    _exit(128 + caught)
                }
            }
        }
        for number in [SIGHUP, SIGPIPE] { signal(number, SIG_IGN) }
        // A process inherits what the thread that started it does not listen to.
        pthread_sigmask(SIG_UNBLOCK, &heard, nil)
    }
}
