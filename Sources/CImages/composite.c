// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include "composite.h"

void cimages_composite(const uint8_t *with_alpha, size_t count, uint32_t channels, uint8_t *pixels) {
    for (size_t i = 0; i < count; i++) {
        uint32_t alpha = with_alpha[channels];
        for (uint32_t c = 0; c < channels; c++) {
            *pixels++ = (uint8_t)((*with_alpha++ * alpha + 255 * (255 - alpha) + 127) / 255);
        }
        with_alpha++;
    }
}
