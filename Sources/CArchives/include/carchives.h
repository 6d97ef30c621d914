// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

// gzip (zlib) and zip archives (libzip) behind plain C types.
//
// A function that can fail returns false (or NULL) and leaves one line of text in `error`, a buffer of
// CARCHIVES_ERROR_CAPACITY characters.

#ifndef CARCHIVES_H
#define CARCHIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CARCHIVES_ERROR_CAPACITY 256

/// A gzip file that is being inflated. One thread at a time.
typedef struct carchives_gzip carchives_gzip;

/// Begins with a file in memory, which must stay there until the end.
carchives_gzip *carchives_gzip_open(const uint8_t *file, size_t count, char *error);
void carchives_gzip_close(carchives_gzip *gzip);

/// Inflates the next bytes, at most `capacity`. `finished` says whether the data ended, and its check sum held.
bool carchives_gzip_read(
    carchives_gzip *gzip, uint8_t *bytes, size_t capacity, size_t *written, bool *finished, char *error);

/// A zip archive open for reading. One thread at a time.
typedef struct carchives_zip carchives_zip;

carchives_zip *carchives_zip_open(const char *path, char *error);
void carchives_zip_close(carchives_zip *archive);
int64_t carchives_zip_count(carchives_zip *archive);

/// What an archive states of a member.
typedef struct {
    /// UTF-8, owned by the archive.
    const char *name;
    /// Bytes in the archive.
    uint64_t packed_size;
    /// Bytes once inflated.
    uint64_t size;
} carchives_member;

bool carchives_zip_member(carchives_zip *archive, int64_t index, carchives_member *member, char *error);

/// Inflates a member into `bytes`; it must hold exactly `size` bytes and pass its check sum.
bool carchives_zip_read(carchives_zip *archive, int64_t index, uint8_t *bytes, uint64_t size, char *error);

/// Inflates the first `size` bytes of a member that has as many; no check sum is compared.
bool carchives_zip_start(carchives_zip *archive, int64_t index, uint8_t *bytes, uint64_t size, char *error);

/// A zip archive that is being made.
typedef struct carchives_zip_writer carchives_zip_writer;

/// Gives the bytes of a member, which must stay until the next is asked for. A failure ends the writing.
typedef bool carchives_provide(void *context, uint64_t index, const uint8_t **bytes, uint64_t *count);

/// Begins an archive at a path where nothing may be; nothing is written there before `carchives_zip_write`.
carchives_zip_writer *carchives_zip_create(
    const char *path, carchives_provide *provide, void *context, char *error);

/// Adds a stored member, whose bytes are asked for when the archive is written; the first has index 0.
bool carchives_zip_add(carchives_zip_writer *writer, const char *name, char *error);

/// Writes the archive whole or not at all, asking for one member after the other, and ends the writer.
bool carchives_zip_write(carchives_zip_writer *writer, char *error);

/// Ends a writer that writes nothing.
void carchives_zip_abandon(carchives_zip_writer *writer);

#endif
