// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#ifndef CIMAGES_FAILURE_H
#define CIMAGES_FAILURE_H

#include "cimages.h"

/// Writes a formatted line into `error` and returns false.
bool cimages_fail(char *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// Fails where a side or the number of pixels is zero or absurd.
bool cimages_check_size(uint64_t width, uint64_t height, char *error);

/// Fails where the header states more than `count` bytes can hold: deflate's densest code shrinks 1032 bytes to one.
bool cimages_check_density(uint64_t stated, size_t count, char *error);

#endif
