// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

// What normalisation does to a row of channels; each function is a loop that the compiler turns into vector code.

#pragma once

#include "vectorised.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>

namespace ctorch {
namespace {

/// exp for the sigmoid: exact to 2 units in the last place, and free of branches so that it vectorises.
inline float exponential(float x) {
    x = std::fmin(std::fmax(x, -87.0f), 88.0f);
    float n = std::nearbyint(x * 1.44269504f);
    float r = x - n * 0.693359375f - n * -2.12194440e-4f;
    // Taylor's series on |r| <= ln(2) / 2; its last term is below 2^-27.
    float p = 1.0f / 5040.0f;
    p = p * r + 1.0f / 720.0f;
    p = p * r + 1.0f / 120.0f;
    p = p * r + 1.0f / 24.0f;
    p = p * r + 1.0f / 6.0f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
    float scale;
    std::memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

inline double exponential(double x) { return std::exp(x); }

template <typename T> inline T sigmoid(T z) { return T(1) / (T(1) + exponential(-z)); }

// target_clones cannot mark a template, so each loop is a macro over its element type.
#define ROW_LOOPS(T)                                                                                               \
    VECTORISED void addRow(T *__restrict sums, const T *__restrict x, int64_t n) {                                 \
        for (int64_t c = 0; c < n; ++c) sums[c] += x[c];                                                           \
    }                                                                                                              \
    VECTORISED void addSquares(T *__restrict sums, const T *__restrict x, const T *__restrict centre, int64_t n) { \
        for (int64_t c = 0; c < n; ++c) sums[c] += (x[c] - centre[c]) * (x[c] - centre[c]);                        \
    }                                                                                                              \
    VECTORISED void activate(                                                                                      \
        T *__restrict y, const T *__restrict x, const T *__restrict scale, const T *__restrict offset,             \
        int64_t n) {                                                                                               \
        for (int64_t c = 0; c < n; ++c) {                                                                          \
            T z = scale[c] * x[c] + offset[c];                                                                     \
            y[c] = z * sigmoid(z);                                                                                 \
        }                                                                                                          \
    }                                                                                                              \
    VECTORISED void deactivate(                                                                                    \
        T *__restrict dz, T *__restrict sums, T *__restrict products, const T *__restrict dy,                      \
        const T *__restrict x, const T *__restrict centre, const T *__restrict scale,                              \
        const T *__restrict offset, int64_t n) {                                                                   \
        for (int64_t c = 0; c < n; ++c) {                                                                          \
            T z = scale[c] * x[c] + offset[c];                                                                     \
            T s = sigmoid(z);                                                                                      \
            T d = dy[c] * s * (T(1) + z * (T(1) - s));                                                             \
            dz[c] = d;                                                                                             \
            sums[c] += d;                                                                                          \
            products[c] += d * (x[c] - centre[c]);                                                                 \
        }                                                                                                          \
    }                                                                                                              \
    VECTORISED void combine(                                                                                       \
        T *__restrict dx, const T *__restrict x, const T *__restrict a, const T *__restrict b,                     \
        const T *__restrict c0, int64_t n) {                                                                       \
        for (int64_t c = 0; c < n; ++c) dx[c] = a[c] * dx[c] + b[c] * x[c] + c0[c];                                \
    }

ROW_LOOPS(float)
ROW_LOOPS(double)
#undef ROW_LOOPS

} // namespace
} // namespace ctorch
