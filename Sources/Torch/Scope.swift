// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch

/// What holds for libtorch's calls on some threads; see `ct_scope`.
///
/// What it refers to is a counted, immutable C++ object with a locked place for a failure: hence `@unchecked Sendable`.
struct Scope: ~Copyable, @unchecked Sendable {
    private let raw: ct_scope

    /// The calling thread's scope, but for what is given.
    init(threads: Int = 0, keepingFailures: Bool = false, exact: Bool = false) {
        raw = ct_scope_new(Int64(threads), keepingFailures, exact)
    }

    deinit { ct_scope_free(raw) }

    /// Runs `body` in this scope, on the calling thread.
    func callAsFunction<R>(_ body: () throws -> R) rethrows -> R {
        let former = ct_scope_enter(raw)
        defer {
            ct_scope_free(ct_scope_enter(former))
            ct_scope_free(former)
        }
        return try body()
    }

    /// The failure that the scope keeps.
    var failure: TorchError? { TorchError(keptBy: raw) }
}

extension LibTorch {
    /// Runs `body` with as many threads for parts of a batch as given, in the place of ``threads``; other threads of the
    /// process, and what they run, are not touched.
    ///
    /// - Parameters:
    ///   - threads: at least 1.
    ///   - body: runs at once, on the calling thread.
    public static func withThreads<R>(_ threads: Int, _ body: () throws -> R) rethrows -> R {
        precondition(threads >= 1, "\(threads) threads cannot work")
        return try Scope(threads: threads)(body)
    }

    /// Runs `body` with libtorch's convolutions alone.
    ///
    /// Elsewhere wide convolutions of 3 x 3 pixels in float32 on the CPU are made by Winograd's algorithm F(4x4, 3x3) (Lavin and Gray
    /// 2015, arXiv 1509.09308), which is two to three times as fast and rounds a little more: values differ by about a hundred-thousandth
    /// of the largest.
    ///
    /// - Parameter body: runs at once, on the calling thread.
    public static func withExactConvolutions<R>(_ body: () throws -> R) rethrows -> R {
        try Scope(exact: true)(body)
    }

    /// Runs `body`, and throws what libtorch refused in it: lack of memory, above all, but also shapes that do not fit.
    /// Without this, such a thing ends the program.
    ///
    /// The first failure is kept until `body` returns, on whichever of its threads it happened. From then on nothing is
    /// computed: tensors have a shape and no elements, and numbers read from them are NaN. A long body asks
    /// ``throwFailure()`` now and then, and in any case before it writes what it made.
    ///
    /// - Throws: ``TorchError``, in the place of what `body` may throw after it; else what `body` throws.
    public static func withErrors<R>(_ body: () throws -> R) throws -> R {
        let scope = Scope(keepingFailures: true)
        let result: R
        do {
            result = try scope(body)
        } catch {
            throw scope.failure ?? error
        }
        if let failure = scope.failure { throw failure }
        return result
    }

    /// Throws the failure that ``withErrors(_:)`` has kept until now, if there is one.
    public static func throwFailure() throws(TorchError) {
        if let failure = TorchError(keptBy: ct_scope(impl: nil)) { throw failure }
    }
}
