// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch

/// What holds for libtorch in this whole process.
public enum LibTorch {
    /// The version of the libtorch this package was compiled against, such as `2.13.0`.
    public static var version: String { String(cString: ct_version()) }

    /// Tensors that Swift code holds right now; equal before and after a piece of code that leaks none.
    public static var liveTensors: Int { Int(ct_live_tensors()) }

    /// The number of threads that one operator may use on the CPU.
    public static var threads: Int {
        get { Int(ct_threads()) }
        set { ct_set_threads(Int32(newValue)) }
    }

    /// Asks the C library to keep freed memory for the next step instead of returning it to the system.
    ///
    /// A training step frees and allocates the same activations again and again; glibc's defaults unmap them each
    /// time and the system must clear every page anew. Programs call this once at their start.
    public static func keepFreedMemory() { ct_keep_freed_memory() }
}

/// Stops the program with libtorch's message: a wrong shape or type is a mistake in the calling code.
func check(_ status: ct_status, _ context: @autoclosure () -> String) {
    guard status == 0 else { fatalError("\(context()): \(String(cString: ct_last_error()))") }
}
