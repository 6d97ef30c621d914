// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch
import Synchronization

private let outOfMemory = Mutex<(@Sendable (String) -> Never)?>(nil)

/// ``LibTorch/threads``; 0 until it is set.
private let chosenThreads = Atomic<Int>(0)
private let initialThreads = LibTorch.operatorThreads

/// What holds for libtorch in this whole process.
public enum LibTorch {
    /// The version of the libtorch this package was compiled against, such as `2.13.0`.
    public static var version: String { String(cString: ct_version()) }

    /// Tensors that Swift code holds right now; equal before and after a piece of code that leaks none.
    public static var liveTensors: Int { Int(ct_live_tensors()) }

    /// The number of CPU threads for parts of a batch, see ``concurrently(_:threads:_:)``; at first as many as an operator may use.
    public static var threads: Int {
        get {
            let chosen = chosenThreads.load(ordering: .relaxed)
            return chosen > 0 ? chosen : initialThreads
        }
        set { chosenThreads.store(newValue, ordering: .relaxed) }
    }

    /// The number of CPU threads that one operator may use, where the calling thread works alone.
    ///
    /// Programs that work side by side set this to 1: after an operator that shared out its loops, idle threads spin for
    /// a while in wait of the next one, on cores that the parts of a batch need.
    public static var operatorThreads: Int {
        get { Int(ct_threads()) }
        set { ct_set_threads(Int32(newValue)) }
    }

    /// Asks the C library to keep freed memory for the next step instead of returning it to the system.
    ///
    /// A training step frees and allocates the same activations again and again; glibc's defaults unmap them each
    /// time and the system must clear every page anew. Programs call this once at their start.
    public static func keepFreedMemory() { ct_keep_freed_memory() }

    /// Returns what ``keepFreedMemory()`` has kept until now: for the time after a network that is no longer needed.
    public static func returnFreedMemory() { ct_return_freed_memory() }
}

extension LibTorch {
    /// Sets how the program ends when libtorch gets no memory, on any thread and in the midst of any operator; without it,
    /// with libtorch's message as for a mistake.
    ///
    /// - Parameter handler: takes libtorch's message; must not allocate tensors.
    public static func whenOutOfMemory(_ handler: @escaping @Sendable (String) -> Never) {
        outOfMemory.withLock { $0 = handler }
    }
}

/// Stops the program with libtorch's message: a wrong shape or type is a mistake in the calling code.
func check(_ status: ct_status, _ context: @autoclosure () -> String) {
    guard status != 0 else { return }
    let message = String(cString: ct_last_error())
    if status == CT_OUT_OF_MEMORY, let handler = outOfMemory.withLock({ $0 }) { handler(message) }
    fatalError("\(context()): \(message)")
}
