// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "composite.h"
#include "failure.h"

// libpng reports errors by a longjmp. Each function below that calls setjmp keeps what must outlive the leap
// in a struct of its caller, which releases it on both ways out.

static void fail(png_structp png, png_const_charp message) {
    cimages_fail(png_get_error_ptr(png), "%s", message);
    png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

// MARK: - Reading

struct reader {
    png_structp png;
    png_infop info;
    const uint8_t *next;
    size_t left;
    uint8_t *with_alpha;
};

static void take(png_structp png, png_bytep bytes, size_t count) {
    struct reader *reader = png_get_io_ptr(png);
    if (count > reader->left) png_error(png, "the file ends early");
    memcpy(bytes, reader->next, count);
    reader->next += count;
    reader->left -= count;
}

/// Whether every chunk before the first of type `last` lies within the file: libpng allocates and clears what a length says before it reads.
static bool has_whole_chunks(const uint8_t *file, size_t count, const char *last) {
    size_t at = 8;
    while (at + 12 <= count) {
        size_t length = (size_t)file[at] << 24 | file[at + 1] << 16 | file[at + 2] << 8 | file[at + 3];
        if (memcmp(file + at + 4, last, 4) == 0) return true;
        if (length > count - at - 12) return false;
        at += 12 + length;
    }
    return false;
}

static bool open_reader(
    struct reader *reader, const uint8_t *file, size_t count, const char *last, char *error) {
    *reader = (struct reader){.next = file, .left = count};
    if (!has_whole_chunks(file, count, last)) return cimages_fail(error, "the file ends early");
    reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, error, fail, ignore);
    if (!reader->png) return cimages_fail(error, "libpng could not start");
    png_set_read_fn(reader->png, reader, take);
    reader->info = png_create_info_struct(reader->png);
    return reader->info || cimages_fail(error, "out of memory");
}

static void close_reader(struct reader *reader) {
    png_destroy_read_struct(&reader->png, &reader->info, NULL);
    free(reader->with_alpha);
}

static bool read_form(struct reader *reader, cimages_form *form, char *error) {
    png_structp png = reader->png;
    png_infop info = reader->info;
    if (setjmp(png_jmpbuf(png))) return false;
    // Our own check reports sizes better than libpng's limit, which is set so as never to act first.
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    size_t count = reader->left;
    png_read_info(png, info);
    form->width = png_get_image_width(png, info);
    form->height = png_get_image_height(png, info);
    form->channels = png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR ? 3 : 1;
    return cimages_check_size(form->width, form->height, error)
        && cimages_check_density((uint64_t)form->height * png_get_rowbytes(png, info), count, error);
}

static bool read_rows(struct reader *reader, const cimages_form *form, uint8_t *pixels) {
    png_structp png = reader->png;
    if (setjmp(png_jmpbuf(png))) return false;
    png_set_expand(png);
    png_set_scale_16(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, reader->info);

    size_t stride = png_get_rowbytes(png, reader->info);
    uint8_t *rows = pixels;
    if (stride != (size_t)form->width * form->channels) {
        reader->with_alpha = malloc(stride * form->height);
        if (!reader->with_alpha) png_error(png, "out of memory");
        rows = reader->with_alpha;
    }
    for (int pass = 0; pass < passes; pass++) {
        for (size_t y = 0; y < form->height; y++) png_read_row(png, rows + y * stride, NULL);
    }
    png_read_end(png, reader->info);
    return true;
}

/// Appends a string and its final 0, turning Latin-1 (in tEXt and zTXt chunks) into UTF-8.
static uint8_t *append(uint8_t *end, const char *text, bool latin1) {
    for (const uint8_t *c = (const uint8_t *)text; *c; c++) {
        if (latin1 && *c >= 0x80) {
            *end++ = 0xC0 | (*c >> 6);
            *end++ = 0x80 | (*c & 0x3F);
        } else {
            *end++ = *c;
        }
    }
    *end++ = 0;
    return end;
}

static bool pack_texts(struct reader *reader, cimages_buffer *texts, char *error) {
    png_textp chunks = NULL;
    int count = 0;
    png_get_text(reader->png, reader->info, &chunks, &count);

    size_t room = 1;
    for (int i = 0; i < count; i++) room += 2 * (strlen(chunks[i].key) + strlen(chunks[i].text) + 1);
    texts->bytes = malloc(room);
    if (!texts->bytes) return cimages_fail(error, "out of memory");

    uint8_t *end = texts->bytes;
    for (int i = 0; i < count; i++) {
        end = append(end, chunks[i].key, true);
        end = append(end, chunks[i].text, chunks[i].compression < PNG_ITXT_COMPRESSION_NONE);
    }
    texts->count = (size_t)(end - texts->bytes);
    return true;
}

bool cimages_png_form(const uint8_t *file, size_t count, cimages_form *form, char *error) {
    struct reader reader;
    bool done = open_reader(&reader, file, count, "IDAT", error) && read_form(&reader, form, error);
    close_reader(&reader);
    return done;
}

bool cimages_png_decode(
    const uint8_t *file, size_t count, uint8_t *pixels, cimages_buffer *texts, char *error) {
    struct reader reader;
    cimages_form form;
    bool done = open_reader(&reader, file, count, "IEND", error) && read_form(&reader, &form, error)
        && read_rows(&reader, &form, pixels) && (!texts || pack_texts(&reader, texts, error));
    if (done && reader.with_alpha) {
        cimages_composite(reader.with_alpha, (size_t)form.width * form.height, form.channels, pixels);
    }
    close_reader(&reader);
    return done;
}

// MARK: - Writing

struct writer {
    png_structp png;
    png_infop info;
    cimages_buffer file;
    size_t capacity;
};

static void put(png_structp png, png_bytep bytes, size_t count) {
    struct writer *writer = png_get_io_ptr(png);
    if (count > writer->capacity - writer->file.count) {
        size_t capacity = 2 * writer->capacity + count;
        uint8_t *grown = realloc(writer->file.bytes, capacity);
        if (!grown) png_error(png, "out of memory");
        writer->file.bytes = grown;
        writer->capacity = capacity;
    }
    memcpy(writer->file.bytes + writer->file.count, bytes, count);
    writer->file.count += count;
}

static void flush(png_structp png) {
    (void)png;
}

static bool is_ascii(const char *text) {
    while (*text && !(*text & 0x80)) text++;
    return !*text;
}

static bool write_file(
    struct writer *writer, cimages_form form, const uint8_t *pixels, const char *texts, size_t texts_count) {
    png_structp png = writer->png;
    png_infop info = writer->info;
    if (setjmp(png_jmpbuf(png))) return false;
    png_set_write_fn(png, writer, put, flush);
    png_set_IHDR(
        png, info, form.width, form.height, 8, form.channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY,
        PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    for (const char *key = texts; key < texts + texts_count;) {
        const char *value = key + strlen(key) + 1;
        png_text chunk = {.key = (char *)key, .text = (char *)value};
        chunk.compression = is_ascii(value) ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE;
        png_set_text(png, info, &chunk, 1);
        key = value + strlen(value) + 1;
    }
    png_write_info(png, info);
    size_t stride = (size_t)form.width * form.channels;
    for (size_t y = 0; y < form.height; y++) png_write_row(png, pixels + y * stride);
    png_write_end(png, info);
    return true;
}

bool cimages_png_encode(
    cimages_form form, const uint8_t *pixels, const char *texts, size_t texts_count, cimages_buffer *file,
    char *error) {
    if (!cimages_check_size(form.width, form.height, error)) return false;
    struct writer writer = {.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, error, fail, ignore)};
    if (!writer.png) return cimages_fail(error, "libpng could not start");
    writer.info = png_create_info_struct(writer.png);
    bool done = writer.info ? write_file(&writer, form, pixels, texts, texts_count)
                            : cimages_fail(error, "out of memory");
    png_destroy_write_struct(&writer.png, &writer.info);
    if (done) {
        *file = writer.file;
    } else {
        free(writer.file.bytes);
    }
    return done;
}
