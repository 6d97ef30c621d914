// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#ifndef CIMAGES_COMPOSITE_H
#define CIMAGES_COMPOSITE_H

#include <stddef.h>
#include <stdint.h>

/// Lays `channels` values and an alpha a pixel over white.
void cimages_composite(const uint8_t *with_alpha, size_t count, uint32_t channels, uint8_t *pixels);

#endif
