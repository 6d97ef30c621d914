// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include <zip.h>

#include "failure.h"

static zip_t *handle(cimages_zip *archive) {
    return (zip_t *)archive;
}

cimages_zip *cimages_zip_open(const char *path, char *error) {
    int code = 0;
    zip_t *archive = zip_open(path, ZIP_RDONLY, &code);
    if (!archive) {
        zip_error_t reason;
        zip_error_init_with_code(&reason, code);
        cimages_fail(error, "%s", zip_error_strerror(&reason));
        zip_error_fini(&reason);
    }
    return (cimages_zip *)archive;
}

void cimages_zip_close(cimages_zip *archive) {
    zip_discard(handle(archive));
}

int64_t cimages_zip_count(cimages_zip *archive) {
    return zip_get_num_entries(handle(archive), 0);
}

bool cimages_zip_member(
    cimages_zip *archive, int64_t index, const char **name, uint64_t *size, char *error) {
    zip_stat_t entry;
    if (zip_stat_index(handle(archive), (zip_uint64_t)index, 0, &entry) != 0) {
        return cimages_fail(error, "%s", zip_strerror(handle(archive)));
    }
    const zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE;
    if ((entry.valid & needed) != needed) return cimages_fail(error, "a member lacks a name or size");
    *name = entry.name;
    *size = entry.size;
    return true;
}

bool cimages_zip_read(cimages_zip *archive, int64_t index, uint8_t *bytes, uint64_t size, char *error) {
    zip_file_t *member = zip_fopen_index(handle(archive), (zip_uint64_t)index, 0);
    if (!member) return cimages_fail(error, "%s", zip_strerror(handle(archive)));
    // The read past the end makes libzip compare the check sum.
    uint8_t extra;
    bool done = zip_fread(member, bytes, size) == (zip_int64_t)size && zip_fread(member, &extra, 1) == 0;
    if (!done) {
        const char *reason = zip_file_strerror(member);
        cimages_fail(error, "its data does not have the stated size or check sum (%s)", reason);
    }
    zip_fclose(member);
    return done;
}
