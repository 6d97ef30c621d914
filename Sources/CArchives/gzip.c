// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "failure.h"

struct carchives_gzip {
    z_stream stream;
    /// What of the file zlib has not been given.
    size_t left;
};

/// Asks zlib for a gzip header around the widest window, 2^15 bytes.
static const int gzip_window = 16 + 15;

static uInt at_most(size_t count) {
    return count < UINT_MAX ? (uInt)count : UINT_MAX;
}

carchives_gzip *carchives_gzip_open(const uint8_t *file, size_t count, char *error) {
    carchives_gzip *gzip = calloc(1, sizeof *gzip);
    if (gzip && inflateInit2(&gzip->stream, gzip_window) == Z_OK) {
        gzip->stream.next_in = (Bytef *)file;
        gzip->left = count;
        return gzip;
    }
    free(gzip);
    carchives_fail(error, "zlib could not start");
    return NULL;
}

void carchives_gzip_close(carchives_gzip *gzip) {
    inflateEnd(&gzip->stream);
    free(gzip);
}

bool carchives_gzip_read(
    carchives_gzip *gzip, uint8_t *bytes, size_t capacity, size_t *written, bool *finished, char *error) {
    z_stream *stream = &gzip->stream;
    size_t made = 0;
    int status = Z_OK;
    // zlib counts in 32 bits, so large buffers go through in pieces.
    while (status == Z_OK) {
        uInt input = at_most(gzip->left), room = at_most(capacity - made);
        stream->avail_in = input;
        stream->next_out = bytes + made;
        stream->avail_out = room;
        status = inflate(stream, Z_NO_FLUSH);
        gzip->left -= input - stream->avail_in;
        made += room - stream->avail_out;
    }
    *written = made;
    *finished = status == Z_STREAM_END;
    if (*finished || (status == Z_BUF_ERROR && made == capacity)) return true;
    if (status == Z_BUF_ERROR) return carchives_fail(error, "its gzip data ends early");
    return carchives_fail(error, "its gzip data is damaged");
}
