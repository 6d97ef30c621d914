// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include <zip.h>

#include "failure.h"

static zip_t *handle(carchives_zip *archive) {
    return (zip_t *)archive;
}

carchives_zip *carchives_zip_open(const char *path, char *error) {
    int code = 0;
    zip_t *archive = zip_open(path, ZIP_RDONLY, &code);
    if (!archive) {
        zip_error_t reason;
        zip_error_init_with_code(&reason, code);
        carchives_fail(error, "%s", zip_error_strerror(&reason));
        zip_error_fini(&reason);
    }
    return (carchives_zip *)archive;
}

void carchives_zip_close(carchives_zip *archive) {
    zip_discard(handle(archive));
}

int64_t carchives_zip_count(carchives_zip *archive) {
    return zip_get_num_entries(handle(archive), 0);
}

bool carchives_zip_member(carchives_zip *archive, int64_t index, carchives_member *member, char *error) {
    zip_stat_t entry;
    if (zip_stat_index(handle(archive), (zip_uint64_t)index, 0, &entry) != 0) {
        return carchives_fail(error, "%s", zip_strerror(handle(archive)));
    }
    const zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
    if ((entry.valid & needed) != needed) return carchives_fail(error, "a member lacks a name or size");
    *member = (carchives_member){.name = entry.name, .packed_size = entry.comp_size, .size = entry.size};
    return true;
}

bool carchives_zip_read(carchives_zip *archive, int64_t index, uint8_t *bytes, uint64_t size, char *error) {
    zip_file_t *member = zip_fopen_index(handle(archive), (zip_uint64_t)index, 0);
    if (!member) return carchives_fail(error, "%s", zip_strerror(handle(archive)));
    // The read past the end makes libzip compare the check sum.
    uint8_t extra;
    bool done = zip_fread(member, bytes, size) == (zip_int64_t)size && zip_fread(member, &extra, 1) == 0;
    if (!done) {
        const char *reason = zip_file_strerror(member);
        carchives_fail(error, "its data does not have the stated size or check sum (%s)", reason);
    }
    zip_fclose(member);
    return done;
}

bool carchives_zip_start(carchives_zip *archive, int64_t index, uint8_t *bytes, uint64_t size, char *error) {
    zip_file_t *member = zip_fopen_index(handle(archive), (zip_uint64_t)index, 0);
    if (!member) return carchives_fail(error, "%s", zip_strerror(handle(archive)));
    bool done = zip_fread(member, bytes, size) == (zip_int64_t)size;
    if (!done) carchives_fail(error, "its data does not have the stated size (%s)", zip_file_strerror(member));
    zip_fclose(member);
    return done;
}
