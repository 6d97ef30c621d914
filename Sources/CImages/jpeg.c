// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <jerror.h>

#include "failure.h"

// libjpeg calls `error_exit` on errors and must not come back from it, so it leaps to the function that runs
// the codec. What must outlive the leap lives in a struct of that function's caller.

struct failure {
    struct jpeg_error_mgr manager;
    jmp_buf leap;
    char *error;
};

static void fail(j_common_ptr codec) {
    struct failure *failure = (struct failure *)codec->err;
    char message[JMSG_LENGTH_MAX];
    codec->err->format_message(codec, message);
    cimages_fail(failure->error, "%s", message);
    longjmp(failure->leap, 1);
}

/// Raises those warnings after which pixels would be made up; others are of no consequence.
static void warn(j_common_ptr codec, int level) {
    if (level >= 0) return;
    switch (codec->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_MUST_RESYNC:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
        fail(codec);
    }
}

static struct jpeg_error_mgr *start(struct failure *failure, char *error) {
    failure->error = error;
    jpeg_std_error(&failure->manager);
    failure->manager.error_exit = fail;
    failure->manager.emit_message = warn;
    return &failure->manager;
}

// MARK: - Reading

struct reader {
    struct jpeg_decompress_struct codec;
    struct failure failure;
};

/// `a * b / 255`, rounded.
static uint32_t scale(uint32_t a, uint32_t b) {
    return (a * b + 127) / 255;
}

/// Turns a row of cyan, magenta, yellow and black into RGB: what a colour's ink leaves of what the black one leaves.
///
/// The samples tell how much light the inks leave, as Adobe's programs write them and nearly all files are, whether
/// they say so or not. Profiles are not applied.
static void mix(const uint8_t *inks, size_t count, uint8_t *pixels) {
    for (size_t i = 0; i < count; i++, inks += 4, pixels += 3) {
        for (size_t c = 0; c < 3; c++) pixels[c] = (uint8_t)(inks[3] - scale(255 - inks[c], inks[3]));
    }
}

/// Reads the form and, where `pixels` is not NULL, the pixels.
static bool read_file(
    struct reader *reader, const uint8_t *file, size_t count, cimages_form *form, uint8_t *pixels) {
    struct jpeg_decompress_struct *codec = &reader->codec;
    if (setjmp(reader->failure.leap)) return false;
    jpeg_create_decompress(codec);
    jpeg_mem_src(codec, file, count);
    jpeg_read_header(codec, TRUE);
    switch (codec->jpeg_color_space) {
    case JCS_GRAYSCALE: codec->out_color_space = JCS_GRAYSCALE; break;
    case JCS_YCbCr:
    case JCS_RGB: codec->out_color_space = JCS_RGB; break;
    case JCS_CMYK:
    case JCS_YCCK: codec->out_color_space = JCS_CMYK; break;
    default: return cimages_fail(reader->failure.error, "its colours are not known; convert it to RGB");
    }
    form->width = codec->image_width;
    form->height = codec->image_height;
    form->channels = codec->out_color_space == JCS_GRAYSCALE ? 1 : 3;
    if (!cimages_check_size(form->width, form->height, reader->failure.error)) return false;
    // Every block of 64 pixels takes a bit at least, which is less dense than what is allowed.
    if (!cimages_check_density((uint64_t)form->width * form->height, count, reader->failure.error)) return false;
    if (!pixels) return true;

    jpeg_start_decompress(codec);
    size_t stride = (size_t)form->width * form->channels;
    bool has_inks = codec->out_color_space == JCS_CMYK;
    // The codec owns the row and frees it with itself.
    JSAMPROW inks = has_inks
        ? (*codec->mem->alloc_large)((j_common_ptr)codec, JPOOL_IMAGE, (size_t)form->width * 4)
        : NULL;
    while (codec->output_scanline < codec->output_height) {
        JSAMPROW row = pixels + codec->output_scanline * stride;
        jpeg_read_scanlines(codec, has_inks ? &inks : &row, 1);
        if (has_inks) mix(inks, form->width, row);
    }
    jpeg_finish_decompress(codec);
    return true;
}

bool cimages_jpeg_form(const uint8_t *file, size_t count, cimages_form *form, char *error) {
    struct reader reader = {0};
    reader.codec.err = start(&reader.failure, error);
    bool done = read_file(&reader, file, count, form, NULL);
    jpeg_destroy_decompress(&reader.codec);
    return done;
}

bool cimages_jpeg_decode(const uint8_t *file, size_t count, uint8_t *pixels, char *error) {
    struct reader reader = {0};
    cimages_form form;
    reader.codec.err = start(&reader.failure, error);
    bool done = read_file(&reader, file, count, &form, pixels);
    jpeg_destroy_decompress(&reader.codec);
    return done;
}

// MARK: - Writing

struct writer {
    struct jpeg_compress_struct codec;
    struct failure failure;
    unsigned char *bytes;
    unsigned long count;
};

static bool write_file(struct writer *writer, cimages_form form, const uint8_t *pixels, int quality) {
    struct jpeg_compress_struct *codec = &writer->codec;
    if (setjmp(writer->failure.leap)) return false;
    jpeg_create_compress(codec);
    jpeg_mem_dest(codec, &writer->bytes, &writer->count);
    codec->image_width = form.width;
    codec->image_height = form.height;
    codec->input_components = (int)form.channels;
    codec->in_color_space = form.channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(codec);
    jpeg_set_quality(codec, quality, TRUE);
    // At the default 2 x 2 subsampling, colours bleed across the few pixels of a small sample.
    codec->comp_info[0].h_samp_factor = 1;
    codec->comp_info[0].v_samp_factor = 1;

    jpeg_start_compress(codec, TRUE);
    size_t stride = (size_t)form.width * form.channels;
    while (codec->next_scanline < codec->image_height) {
        JSAMPROW row = (JSAMPROW)(pixels + codec->next_scanline * stride);
        jpeg_write_scanlines(codec, &row, 1);
    }
    jpeg_finish_compress(codec);
    return true;
}

bool cimages_jpeg_encode(
    cimages_form form, const uint8_t *pixels, int quality, cimages_buffer *file, char *error) {
    if (!cimages_check_size(form.width, form.height, error)) return false;
    struct writer writer = {0};
    writer.codec.err = start(&writer.failure, error);
    bool done = write_file(&writer, form, pixels, quality);
    jpeg_destroy_compress(&writer.codec);
    if (done) {
        *file = (cimages_buffer){.bytes = writer.bytes, .count = writer.count};
    } else {
        free(writer.bytes);
    }
    return done;
}
