// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Torch

/// The version of this package, the commit that it was installed from, if it was, and the libtorch beneath it.
public let version: String = {
    let commit = DataFiles.commit.map { "commit \($0), " } ?? ""
    return "0.1.0 (\(commit)libtorch \(LibTorch.version))"
}()

/// What there is here to compute on, in words.
public var devices: String {
    let others = (0..<16).map { Device.cuda($0) } + [.mps]
    let names = others.filter(\.isAvailable).map { "\($0)" }
    return (["cpu with \(LibTorch.threads) threads"] + names).joined(separator: ", ")
}
