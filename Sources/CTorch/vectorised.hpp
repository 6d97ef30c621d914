// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#pragma once

/// Marks a function whose loop is compiled for each width of vectors; the widest that the processor has is called.
#if defined(__x86_64__) && defined(__linux__)
#define VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define VECTORISED
#endif
