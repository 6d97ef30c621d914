// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch
import Synchronization

/// ``LibTorch/threads``; 0 until it is set.
private let chosenThreads = Atomic<Int>(0)
private let initialThreads = Int(ct_threads())

/// What holds for libtorch in this whole process.
public enum LibTorch {
    /// The version of the libtorch this package was compiled against, such as `2.13.0`.
    public static var version: String { String(cString: ct_version()) }

    /// Whether there are products of whole numbers of eight bits on the CPU, see ``Int8Weights``.
    public static let hasInt8 = ct_has_int8()

    /// Tensors that Swift code holds right now; equal before and after a piece of code that leaks none.
    public static var liveTensors: Int { Int(ct_live_tensors()) }

    /// The number of CPU threads for parts of a batch, see ``concurrently(_:threads:_:)``: that of ``withThreads(_:_:)``, else
    /// what was set for the process, at first as many as an operator may use.
    public static var threads: Int {
        get {
            let scoped = Int(ct_scope_threads())
            if scoped > 0 { return scoped }
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
        set {
            _ = initialThreads  // How many there were at first must be known before that changes.
            ct_set_threads(Int32(newValue))
        }
    }

    /// Asks for freed memory of large tensors on the CPU to be kept for the next ones, of any thread, instead of returned to the
    /// system.
    ///
    /// A training step frees and allocates the same activations again and again; a C library returns them each time, and the system
    /// must clear every page anew. Whatever trains or samples here calls this. It does nothing where the system is not Linux.
    public static func keepFreedMemory() { keepsFreedMemory }

    private static let keepsFreedMemory: Void = ct_keep_freed_memory()

    /// Returns what ``keepFreedMemory()`` has kept until now: for the time after a network that is no longer needed.
    public static func returnFreedMemory() { ct_return_freed_memory() }
}

/// Stops the program with libtorch's message: a wrong shape or type is a mistake in the calling code. Where
/// ``LibTorch/withErrors(_:)`` keeps failures, nothing is to be done.
func check(_ status: ct_status, _ context: @autoclosure () -> String) {
    guard status != 0, status != CT_KEPT else { return }
    fatalError("\(context()): \(String(cString: ct_last_error()))")
}
