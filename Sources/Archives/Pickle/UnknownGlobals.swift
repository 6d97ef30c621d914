// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// What becomes of a function or class that a pickle names and its reader does not list.
public enum UnknownGlobals: Sendable {
    /// The pickle is refused.
    case refused
    /// It stands in the result as ``PickleValue/opaque(_:)``, and so does what it would make, of which nothing is kept. Those
    /// that serve to run programs or to reach files are refused all the same: data has no use for them.
    case opaque
}

/// Whether a global serves to run programs, to run Python, or to reach files and networks, whatever its arguments.
func isHarmful(module: String, name: String) -> Bool {
    let modules: Set<String> = [
        "commands", "ctypes", "importlib", "nt", "os", "posix", "pty", "runpy", "shutil", "socket",
        "subprocess", "sys",
        "webbrowser",
    ]
    let functions: Set<String> = ["__import__", "compile", "eval", "exec", "execfile", "open"]
    return modules.contains(module)
        || ["builtins", "__builtin__"].contains(module) && functions.contains(name)
}
