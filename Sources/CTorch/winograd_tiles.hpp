// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

// What a convolution by Winograd's F(4x4, 3x3) does to one tile, and to a block of tiles, in vectors of LANES channels.
// Included once for each instruction set, inside of a namespace of its own; LANES and ROWS are macros.
//
// Source: Lavin and Gray 2015 (arXiv 1509.09308), section 4.3.

using Vector __attribute__((vector_size(LANES * sizeof(float)), aligned(4))) = float;

/// Channels of a panel of weights: two vectors.
constexpr int64_t panelWidth = 2 * LANES;

inline Vector load(const float *from) { return *reinterpret_cast<const Vector *>(from); }
inline void store(float *to, Vector value) { *reinterpret_cast<Vector *>(to) = value; }

/// B^T d for one column of a tile.
inline void transformed(
    Vector d0, Vector d1, Vector d2, Vector d3, Vector d4, Vector d5, Vector *__restrict v, int64_t stride) {
    Vector even = d4 - 4.0f * d2, odd = d3 - 4.0f * d1, near = d4 - d2, far = 2.0f * (d3 - d1);
    v[0] = 4.0f * d0 - 5.0f * d2 + d4;
    v[stride] = even + odd;
    v[2 * stride] = even - odd;
    v[3 * stride] = near + far;
    v[4 * stride] = near - far;
    v[5 * stride] = 4.0f * d1 - 5.0f * d3 + d5;
}

/// V = B^T d B of one tile.
///
/// - pixels: the 36 pixels of the tile, row by row, each of so many channels.
/// - v: where the channels of V's first element go; those of the others follow at a distance of `stride`.
void transformInput(const float *const *pixels, int64_t channels, float *v, int64_t stride) {
    for (int64_t c = 0; c < channels; c += LANES) {
        Vector t[36], w[6];
        for (int j = 0; j < 6; ++j)
            transformed(
                load(pixels[j] + c), load(pixels[6 + j] + c), load(pixels[12 + j] + c), load(pixels[18 + j] + c),
                load(pixels[24 + j] + c), load(pixels[30 + j] + c), t + j, 6);
        for (int i = 0; i < 6; ++i) {
            const Vector *row = t + 6 * i;
            transformed(row[0], row[1], row[2], row[3], row[4], row[5], w, 1);
            for (int j = 0; j < 6; ++j) store(v + (6 * i + j) * stride + c, w[j]);
        }
    }
}

/// G g for one column of a kernel.
inline void expanded(Vector g0, Vector g1, Vector g2, Vector *__restrict u, int64_t stride) {
    Vector sum = g0 + g2, far = (1.0f / 24) * g0 + (1.0f / 6) * g2;
    u[0] = 0.25f * g0;
    u[stride] = (-1.0f / 6) * (sum + g1);
    u[2 * stride] = (-1.0f / 6) * (sum - g1);
    u[3 * stride] = far + (1.0f / 12) * g1;
    u[4 * stride] = far - (1.0f / 12) * g1;
    u[5 * stride] = g2;
}

/// U = G g G^T of a panel.
///
/// - weights: `[outputs, 3, 3, depth]`, `outputs` of them at most `panelWidth`; the panel's further columns become zero.
/// - u: where the panel of U's first element goes, `[depth, panelWidth]`; those of the others follow at a distance of `stride`.
void transformWeights(const float *weights, int64_t outputs, int64_t depth, float *u, int64_t stride) {
    float scratch[36][panelWidth][LANES] = {};
    for (int64_t c = 0; c < depth; c += LANES) {
        for (int64_t output = 0; output < outputs; ++output) {
            const float *kernel = weights + output * 9 * depth + c;
            Vector t[18], w[6];
            for (int j = 0; j < 3; ++j)
                expanded(
                    load(kernel + j * depth), load(kernel + (3 + j) * depth), load(kernel + (6 + j) * depth), t + j, 3);
            for (int i = 0; i < 6; ++i) {
                expanded(t[3 * i], t[3 * i + 1], t[3 * i + 2], w, 1);
                for (int j = 0; j < 6; ++j) store(scratch[6 * i + j][output], w[j]);
            }
        }
        for (int k = 0; k < 36; ++k)
            for (int lane = 0; lane < LANES; ++lane) {
                float *row = u + k * stride + (c + lane) * panelWidth;
                for (int64_t output = 0; output < panelWidth; ++output) row[output] = scratch[k][output][lane];
            }
    }
}

/// As `transformWeights`, of the kernels that the gradient on the input is made with: turned by half, inputs and outputs exchanged.
///
/// - weights: `[depth, 3, 3, width]`, of which the panel is `outputs` columns from the pointer on.
void transformTurnedWeights(
    const float *weights, int64_t outputs, int64_t width, int64_t depth, float *u, int64_t stride) {
    for (int64_t c = 0; c < depth; ++c)
        for (int64_t output = 0; output < panelWidth; output += LANES) {
            Vector t[18] = {}, w[6];
            const float *kernel = weights + c * 9 * width + output;
            if (output < outputs)
                for (int j = 0; j < 3; ++j)
                    expanded(
                        load(kernel + (8 - j) * width), load(kernel + (5 - j) * width), load(kernel + (2 - j) * width),
                        t + j, 3);
            for (int i = 0; i < 6; ++i) {
                expanded(t[3 * i], t[3 * i + 1], t[3 * i + 2], w, 1);
                for (int j = 0; j < 6; ++j) store(u + (6 * i + j) * stride + c * panelWidth + output, w[j]);
            }
        }
}

/// A^T m for one column of a tile.
inline void untransformed(
    Vector m0, Vector m1, Vector m2, Vector m3, Vector m4, Vector m5, Vector *__restrict y, int64_t stride) {
    Vector sum1 = m1 + m2, sum2 = m3 + m4, difference1 = m1 - m2, difference2 = m3 - m4;
    y[0] = m0 + sum1 + sum2;
    y[stride] = difference1 + 2.0f * difference2;
    y[2 * stride] = sum1 + 4.0f * sum2;
    y[3 * stride] = difference1 + 8.0f * difference2 + m5;
}

/// Y = A^T M A + bias of one tile.
///
/// - m: the channels of M's first element; those of the others follow at a distance of `stride`.
/// - pixels: where the 16 pixels of the tile go, row by row; null for those beyond the image.
void transformOutput(const float *m, int64_t stride, const float *bias, int64_t channels, float *const *pixels) {
    for (int64_t c = 0; c < channels; c += LANES) {
        Vector t[24], y[4];
        for (int j = 0; j < 6; ++j) {
            const float *column = m + j * stride + c;
            untransformed(
                load(column), load(column + 6 * stride), load(column + 12 * stride), load(column + 18 * stride),
                load(column + 24 * stride), load(column + 30 * stride), t + j, 6);
        }
        Vector offset = bias ? load(bias + c) : Vector{};
        for (int i = 0; i < 4; ++i) {
            const Vector *row = t + 6 * i;
            untransformed(row[0], row[1], row[2], row[3], row[4], row[5], y, 1);
            for (int j = 0; j < 4; ++j)
                if (pixels[4 * i + j]) store(pixels[4 * i + j] + c, y[j] + offset);
        }
    }
}

/// `count` rows of V times a panel of U: each number is summed over the channels in order, whatever the rows beside it.
template <int count>
inline void multiplyRows(const float *v, int64_t depth, const float *u, float *m, int64_t stride) {
    Vector sums[count][2] = {};
    for (int64_t c = 0; c < depth; ++c) {
        Vector first = load(u + c * panelWidth), second = load(u + c * panelWidth + LANES);
        for (int row = 0; row < count; ++row) {
            float x = v[row * depth + c];
            sums[row][0] += x * first;
            sums[row][1] += x * second;
        }
    }
    for (int row = 0; row < count; ++row) {
        store(m + row * stride, sums[row][0]);
        store(m + row * stride + LANES, sums[row][1]);
    }
}

template <int count>
inline void multiplyUpTo(int64_t rows, const float *v, int64_t depth, const float *u, float *m, int64_t stride) {
    if constexpr (count > 0) {
        if (rows == count)
            multiplyRows<count>(v, depth, u, m, stride);
        else
            multiplyUpTo<count - 1>(rows, v, depth, u, m, stride);
    }
}

/// M = V U for one of the 36 elements.
///
/// - v: `[tiles, depth]`.
/// - u: `[width / panelWidth, depth, panelWidth]`.
/// - m: `[tiles, width]`.
void multiply(const float *v, int64_t tiles, int64_t depth, const float *u, float *m, int64_t width) {
    int64_t groups = (tiles + ROWS - 1) / ROWS;
    for (int64_t panel = 0; panel < width; panel += panelWidth)
        for (int64_t group = 0, first = 0; group < groups; ++group) {
            int64_t last = (group + 1) * tiles / groups;
            multiplyUpTo<ROWS>(last - first, v + first * depth, depth, u + panel * depth, m + first * width + panel, width);
            first = last;
        }
}

constexpr Instructions instructions = {LANES,           panelWidth,     transformInput, transformWeights, transformTurnedWeights,
                                       transformOutput, multiply};
