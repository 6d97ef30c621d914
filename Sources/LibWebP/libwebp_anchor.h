// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors
// Carries no declarations: this module exists for the compiler and linker flags of libwebp's .pc file.
