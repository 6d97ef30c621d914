// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "failure.h"

struct carchives_zip_writer {
    zip_t *archive;
    carchives_provide *provide;
    void *context;
    /// The member that was asked for last, whose bytes alone are there.
    const struct member *current;
};

/// A member, as long as libzip may ask for it.
typedef struct member {
    carchives_zip_writer *writer;
    uint64_t index;
    const uint8_t *bytes;
    uint64_t count;
    uint64_t taken;
    zip_error_t error;
} member;

static bool obtain(member *member) {
    carchives_zip_writer *writer = member->writer;
    if (writer->current == member) return true;
    writer->current = member;
    if (writer->provide(writer->context, member->index, &member->bytes, &member->count)) return true;
    writer->current = NULL;
    zip_error_set(&member->error, ZIP_ER_CANCELLED, 0);
    return false;
}

static zip_int64_t state(member *member, void *data, zip_uint64_t count) {
    if (count < sizeof(zip_stat_t) || !obtain(member)) return -1;
    zip_stat_t *stat = data;
    zip_stat_init(stat);
    stat->size = member->count;
    stat->valid = ZIP_STAT_SIZE;
    return sizeof(zip_stat_t);
}

static zip_int64_t take(member *member, void *data, zip_uint64_t count) {
    if (!obtain(member)) return -1;
    uint64_t left = member->count - member->taken;
    if (count > left) count = left;
    memcpy(data, member->bytes + member->taken, count);
    member->taken += count;
    return (zip_int64_t)count;
}

static zip_int64_t answer(void *userdata, void *data, zip_uint64_t count, zip_source_cmd_t command) {
    member *member = userdata;
    switch (command) {
    case ZIP_SOURCE_OPEN:
        member->taken = 0;
        return obtain(member) ? 0 : -1;
    case ZIP_SOURCE_READ: return take(member, data, count);
    case ZIP_SOURCE_CLOSE: return 0;
    case ZIP_SOURCE_STAT: return state(member, data, count);
    case ZIP_SOURCE_ERROR: return zip_error_to_data(&member->error, data, count);
    case ZIP_SOURCE_FREE: free(member); return 0;
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(
            ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
            ZIP_SOURCE_FREE, -1);
    default: zip_error_set(&member->error, ZIP_ER_OPNOTSUPP, 0); return -1;
    }
}

carchives_zip_writer *carchives_zip_create(
    const char *path, carchives_provide *provide, void *context, char *error) {
    carchives_zip_writer *writer = calloc(1, sizeof *writer);
    int code = ZIP_ER_MEMORY;
    if (writer) {
        writer->archive = zip_open(path, ZIP_CREATE | ZIP_EXCL, &code);
        writer->provide = provide;
        writer->context = context;
    }
    if (writer && writer->archive) return writer;
    zip_error_t reason;
    zip_error_init_with_code(&reason, code);
    carchives_fail(error, "%s", zip_error_strerror(&reason));
    zip_error_fini(&reason);
    free(writer);
    return NULL;
}

bool carchives_zip_add(carchives_zip_writer *writer, const char *name, char *error) {
    zip_t *archive = writer->archive;
    member *added = calloc(1, sizeof *added);
    if (!added) return carchives_fail(error, "there is no memory left");
    added->writer = writer;
    added->index = (uint64_t)zip_get_num_entries(archive, 0);
    zip_error_init(&added->error);
    zip_source_t *source = zip_source_function(archive, answer, added);
    if (!source) {
        free(added);
        return carchives_fail(error, "%s", zip_strerror(archive));
    }
    zip_int64_t index = zip_file_add(archive, name, source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        zip_source_free(source);
        return carchives_fail(error, "%s", zip_strerror(archive));
    }
    // The first day that the format knows, so that equal contents make equal archives.
    const zip_uint16_t date = 1 << 5 | 1;
    if (zip_set_file_compression(archive, (zip_uint64_t)index, ZIP_CM_STORE, 0) != 0
        || zip_file_set_dostime(archive, (zip_uint64_t)index, 0, date, 0) != 0) {
        return carchives_fail(error, "%s", zip_strerror(archive));
    }
    return true;
}

bool carchives_zip_write(carchives_zip_writer *writer, char *error) {
    bool done = zip_close(writer->archive) == 0;
    if (!done) {
        carchives_fail(error, "%s", zip_strerror(writer->archive));
        zip_discard(writer->archive);
    }
    free(writer);
    return done;
}

void carchives_zip_abandon(carchives_zip_writer *writer) {
    zip_discard(writer->archive);
    free(writer);
}
