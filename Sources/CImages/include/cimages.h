// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

// PNG (libpng), JPEG (libjpeg-turbo) and WebP (libwebp) behind plain C types.
//
// A function that can fail returns false (or NULL) and leaves one line of text in `error`, a buffer of
// CIMAGES_ERROR_CAPACITY characters. Nothing leaps over a caller: setjmp and longjmp stay inside.

#ifndef CIMAGES_H
#define CIMAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CIMAGES_ERROR_CAPACITY 256

/// The largest width and height that is read or written: JPEG's own limit.
#define CIMAGES_MAX_SIDE 65535

/// The largest number of pixels that is read or written, 2^28.
#define CIMAGES_MAX_PIXELS (1 << 28)

/// The form of a decoded image: `height` rows of `width` pixels of `channels` bytes, 1 (gray) or 3 (RGB).
typedef struct {
    uint32_t width;
    uint32_t height;
    uint32_t channels;
} cimages_form;

/// Bytes that the callee allocated and the caller releases with `cimages_release`.
typedef struct {
    uint8_t *bytes;
    size_t count;
} cimages_buffer;

void cimages_release(cimages_buffer buffer);

/// Reads the form that `cimages_png_decode` will give: palettes become RGB, alpha goes.
bool cimages_png_form(const uint8_t *file, size_t count, cimages_form *form, char *error);

/// Decodes a PNG file of any colour type, depth and interlacing to 8-bit gray or RGB.
///
/// 16-bit samples are rounded to 8 bits. Alpha is composited on white, in the values as stored.
/// `pixels` has room for exactly the form that `cimages_png_form` gave. `texts`, where not NULL, receives the
/// text chunks as UTF-8: key, 0, value, 0, key, ...
bool cimages_png_decode(
    const uint8_t *file, size_t count, uint8_t *pixels, cimages_buffer *texts, char *error);

/// Encodes 8-bit gray or RGB. `texts` is laid out as `cimages_png_decode` gives it; ASCII values become tEXt
/// chunks, others iTXt.
bool cimages_png_encode(
    cimages_form form, const uint8_t *pixels, const char *texts, size_t texts_count, cimages_buffer *file,
    char *error);

/// Reads the form that `cimages_jpeg_decode` will give: CMYK becomes RGB.
bool cimages_jpeg_form(const uint8_t *file, size_t count, cimages_form *form, char *error);

/// Decodes a baseline or progressive JPEG file; data that is cut off or damaged is an error, not gray
/// filling.
bool cimages_jpeg_decode(const uint8_t *file, size_t count, uint8_t *pixels, char *error);

/// Reads the form that `cimages_webp_decode` will give: always RGB.
bool cimages_webp_form(const uint8_t *file, size_t count, cimages_form *form, char *error);

/// Decodes a WebP file, of one that moves the first picture. Alpha is composited on white.
bool cimages_webp_decode(const uint8_t *file, size_t count, uint8_t *pixels, char *error);

/// Encodes 8-bit gray or RGB at `quality` 1 to 100, with chroma at full resolution.
bool cimages_jpeg_encode(
    cimages_form form, const uint8_t *pixels, int quality, cimages_buffer *file, char *error);

#endif
