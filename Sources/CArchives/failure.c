// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include "failure.h"

#include <stdarg.h>
#include <stdio.h>

bool carchives_fail(char *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, CARCHIVES_ERROR_CAPACITY, format, arguments);
    va_end(arguments);
    return false;
}
