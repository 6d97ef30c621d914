// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#ifndef CARCHIVES_FAILURE_H
#define CARCHIVES_FAILURE_H

#include "carchives.h"

/// Writes a formatted line into `error` and returns false.
bool carchives_fail(char *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
