// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include "composite.h"
#include "failure.h"

/// The most pixels that a file of any length may state: one colour takes no bits a pixel.
#define MOST_OF_ONE_COLOUR (1 << 24)

static bool read_features(
    const uint8_t *file, size_t count, WebPBitstreamFeatures *features, char *error) {
    VP8StatusCode status = WebPGetFeatures(file, count, features);
    if (status == VP8_STATUS_NOT_ENOUGH_DATA) return cimages_fail(error, "the file ends early");
    if (status != VP8_STATUS_OK) return cimages_fail(error, "its header is not that of a WebP image");
    uint64_t pixels = (uint64_t)features->width * (uint64_t)features->height;
    return cimages_check_size((uint64_t)features->width, (uint64_t)features->height, error)
        && (pixels <= MOST_OF_ONE_COLOUR || cimages_check_density(3 * pixels, count, error));
}

/// Decodes an image that does not move to `width` x `height` pixels of `channels` bytes, 3 or 4.
static bool decode_still(
    const uint8_t *file, size_t count, const WebPBitstreamFeatures *features, int channels, uint8_t *pixels,
    char *error) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) return cimages_fail(error, "libwebp could not start");
    config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = pixels;
    config.output.u.RGBA.stride = features->width * channels;
    config.output.u.RGBA.size = (size_t)features->width * (size_t)features->height * (size_t)channels;
    switch (WebPDecode(file, count, &config)) {
        case VP8_STATUS_OK: return true;
        case VP8_STATUS_OUT_OF_MEMORY: return cimages_fail(error, "out of memory");
        case VP8_STATUS_NOT_ENOUGH_DATA:
        case VP8_STATUS_SUSPENDED: return cimages_fail(error, "the file ends early");
        default: return cimages_fail(error, "its WebP data makes no sense");
    }
}

/// Gives the first picture of a moving image, with alpha; the decoder owns it.
static const uint8_t *first_frame(const uint8_t *file, size_t count, WebPAnimDecoder **decoder, char *error) {
    WebPAnimDecoderOptions options;
    uint8_t *frame = NULL;
    int time = 0;
    if (!WebPAnimDecoderOptionsInit(&options)) {
        cimages_fail(error, "libwebp could not start");
        return NULL;
    }
    *decoder = WebPAnimDecoderNew(&(WebPData){.bytes = file, .size = count}, &options);
    if (!*decoder || !WebPAnimDecoderGetNext(*decoder, &frame, &time)) {
        cimages_fail(error, "its first picture is not whole");
        return NULL;
    }
    return frame;
}

bool cimages_webp_form(const uint8_t *file, size_t count, cimages_form *form, char *error) {
    WebPBitstreamFeatures features;
    if (!read_features(file, count, &features, error)) return false;
    *form = (cimages_form){(uint32_t)features.width, (uint32_t)features.height, 3};
    return true;
}

bool cimages_webp_decode(const uint8_t *file, size_t count, uint8_t *pixels, char *error) {
    WebPBitstreamFeatures features;
    if (!read_features(file, count, &features, error)) return false;
    if (!features.has_alpha && !features.has_animation) {
        return decode_still(file, count, &features, 3, pixels, error);
    }
    size_t size = (size_t)features.width * (size_t)features.height;
    WebPAnimDecoder *decoder = NULL;
    uint8_t *still = NULL;
    const uint8_t *with_alpha = NULL;
    if (features.has_animation) {
        with_alpha = first_frame(file, count, &decoder, error);
    } else {
        still = malloc(4 * size);
        if (!still) return cimages_fail(error, "out of memory");
        if (decode_still(file, count, &features, 4, still, error)) with_alpha = still;
    }
    if (with_alpha && features.has_alpha) {
        cimages_composite(with_alpha, size, 3, pixels);
    } else if (with_alpha) {
        for (size_t i = 0; i < size; i++) memcpy(pixels + 3 * i, with_alpha + 4 * i, 3);
    }
    WebPAnimDecoderDelete(decoder);
    free(still);
    return with_alpha != NULL;
}
