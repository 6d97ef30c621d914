// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include "failure.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define LARGEST_RATIO 1032

bool cimages_fail(char *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, CIMAGES_ERROR_CAPACITY, format, arguments);
    va_end(arguments);
    return false;
}

bool cimages_check_size(uint64_t width, uint64_t height, char *error) {
    if (width >= 1 && height >= 1 && width <= CIMAGES_MAX_SIDE && height <= CIMAGES_MAX_SIDE
        && width * height <= CIMAGES_MAX_PIXELS) {
        return true;
    }
    return cimages_fail(
        error, "its header states %" PRIu64 " x %" PRIu64 " pixels, where 1 to %d a side and %d in all are read",
        width, height, CIMAGES_MAX_SIDE, CIMAGES_MAX_PIXELS);
}

bool cimages_check_density(uint64_t stated, size_t count, char *error) {
    if (stated / LARGEST_RATIO <= count) return true;
    return cimages_fail(error, "its header states more pixels than its %zu bytes can hold", count);
}

void cimages_release(cimages_buffer buffer) {
    free(buffer.bytes);
}
