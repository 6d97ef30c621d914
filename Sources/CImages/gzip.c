// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include <limits.h>
#include <zlib.h>

#include "failure.h"

/// Asks zlib for a gzip header around the widest window, 2^15 bytes.
static const int gzip_window = 16 + 15;

static uInt at_most(size_t count) {
    return count < UINT_MAX ? (uInt)count : UINT_MAX;
}

bool cimages_gunzip(
    const uint8_t *file, size_t count, uint8_t *bytes, size_t capacity, size_t *written, bool *finished,
    char *error) {
    z_stream stream = {0};
    if (inflateInit2(&stream, gzip_window) != Z_OK) return cimages_fail(error, "zlib could not start");

    size_t taken = 0, made = 0;
    int status = Z_OK;
    // zlib counts in 32 bits, so a large buffer goes through in pieces.
    while (status == Z_OK) {
        stream.next_in = (Bytef *)file + taken;
        stream.avail_in = at_most(count - taken);
        stream.next_out = bytes + made;
        stream.avail_out = at_most(capacity - made);
        status = inflate(&stream, Z_NO_FLUSH);
        taken = (size_t)(stream.next_in - file);
        made = (size_t)(stream.next_out - bytes);
    }
    inflateEnd(&stream);

    *written = made;
    *finished = status == Z_STREAM_END;
    if (*finished || (status == Z_BUF_ERROR && made == capacity)) return true;
    if (status == Z_BUF_ERROR) return cimages_fail(error, "its gzip data ends early");
    return cimages_fail(error, "its gzip data is damaged");
}
