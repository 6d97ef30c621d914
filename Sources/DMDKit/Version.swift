// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// The version of this package, and of the libtorch beneath it.
public let version = "0.1.0 (libtorch \(LibTorch.version))"
