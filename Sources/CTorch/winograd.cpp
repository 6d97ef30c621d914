// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

// Convolutions of 3 x 3 pixels on the CPU by Winograd's algorithm F(4x4, 3x3), which takes 36 products where the sum takes 144: with
// d a tile of 6 x 6 pixels, g a kernel and Y the 4 x 4 pixels of the result,
//
//     Y = A^T [(G g G^T) * (B^T d B)] A,
//
// the product * taken element by element and summed over the channels: 36 products of matrices, U the kernels' and V the tiles'.
// Each number is summed in the same order whatever is beside it in a batch, and on however many threads.
// Source: Lavin and Gray 2015 (arXiv 1509.09308).

#include "shim.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

namespace ctorch {
namespace {

/// What is compiled for each instruction set, see winograd_tiles.hpp.
struct Instructions {
    int64_t lanes, panelWidth;
    void (*transformInput)(const float *const *pixels, int64_t channels, float *v, int64_t stride);
    void (*transformWeights)(const float *weights, int64_t outputs, int64_t depth, float *u, int64_t stride);
    void (*transformTurnedWeights)(
        const float *weights, int64_t outputs, int64_t width, int64_t depth, float *u, int64_t stride);
    void (*transformOutput)(
        const float *m, int64_t stride, const float *bias, int64_t channels, float *const *pixels);
    void (*multiply)(const float *v, int64_t tiles, int64_t depth, const float *u, float *m, int64_t width);
};

// ROWS is the largest number of rows whose sums stay in registers.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
namespace avx512 {
#define LANES 16
#define ROWS 11
#include "winograd_tiles.hpp"
#undef LANES
#undef ROWS
} // namespace avx512
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
namespace avx2 {
#define LANES 8
#define ROWS 6
#include "winograd_tiles.hpp"
#undef LANES
#undef ROWS
} // namespace avx2
#pragma clang attribute pop
const Instructions *available() {
    if (__builtin_cpu_supports("x86-64-v4")) return &avx512::instructions;
    if (__builtin_cpu_supports("x86-64-v3")) return &avx2::instructions;
    return nullptr;
}
#elif defined(__aarch64__)
namespace neon {
#define LANES 4
#define ROWS 8
#include "winograd_tiles.hpp"
#undef LANES
#undef ROWS
} // namespace neon
const Instructions *available() { return &neon::instructions; }
#else
const Instructions *available() { return nullptr; }
#endif

/// Null where the processor has no vectors that are wide enough.
const Instructions *instructions() {
    static const Instructions *const found = available();
    return found;
}

// MARK: A batch

struct Convolution {
    int64_t samples, height, width, inputs, outputs;
    const Instructions &set;
    /// Whether kernels lie as `[inputs, 3, 3, outputs]`, and are to be turned by half.
    bool isTurned = false;
    int64_t rows() const { return (height + 3) / 4; }
    int64_t columns() const { return (width + 3) / 4; }
    int64_t tiles() const { return samples * rows() * columns(); }
    int64_t panels() const { return (outputs + set.panelWidth - 1) / set.panelWidth; }
};

at::Tensor scratch(int64_t count) { return at::empty({count}, at::kFloat); }
float *data(const at::Tensor &tensor) { return static_cast<float *>(tensor.mutable_data_ptr()); }

/// V of the tiles from `first` to `last`, `[36, last - first, inputs]`.
void transformTiles(
    const Convolution &c, const float *x, const float *zeros, int64_t first, int64_t last, float *v, int64_t stride) {
    for (int64_t tile = first; tile < last; ++tile) {
        int64_t sample = tile / (c.rows() * c.columns());
        int64_t top = tile / c.columns() % c.rows() * 4 - 1, left = tile % c.columns() * 4 - 1;
        const float *pixels[36];
        for (int64_t i = 0; i < 6; ++i)
            for (int64_t j = 0; j < 6; ++j) {
                bool isInside = top + i >= 0 && top + i < c.height && left + j >= 0 && left + j < c.width;
                pixels[6 * i + j] =
                    isInside ? x + ((sample * c.height + top + i) * c.width + left + j) * c.inputs : zeros;
            }
        c.set.transformInput(pixels, c.inputs, v + (tile - first) * c.inputs, stride);
    }
}

/// The result in the tiles from `first` to `last` and the channels from `channel` on, of M `[36, last - first, width]`.
void transformResults(
    const Convolution &c, const float *m, const float *bias, int64_t first, int64_t last, int64_t channel, int64_t width,
    float *y) {
    int64_t count = std::min(width, c.outputs - channel);
    for (int64_t tile = first; tile < last; ++tile) {
        int64_t sample = tile / (c.rows() * c.columns());
        int64_t top = tile / c.columns() % c.rows() * 4, left = tile % c.columns() * 4;
        float *pixels[16];
        for (int64_t i = 0; i < 4; ++i)
            for (int64_t j = 0; j < 4; ++j) {
                bool isInside = top + i < c.height && left + j < c.width;
                pixels[4 * i + j] =
                    isInside ? y + ((sample * c.height + top + i) * c.width + left + j) * c.outputs + channel
                             : nullptr;
            }
        c.set.transformOutput(
            m + (tile - first) * width, (last - first) * width, bias ? bias + channel : nullptr, count, pixels);
    }
}

/// U of some panels, `[36, panels, inputs, panelWidth]`.
void transformPanels(const Convolution &c, const float *weight, int64_t first, int64_t last, float *u) {
    int64_t panelSize = c.inputs * c.set.panelWidth;
    at::parallel_for(first, last, 1, [&](int64_t begin, int64_t end) {
        for (int64_t panel = begin; panel < end; ++panel) {
            int64_t output = panel * c.set.panelWidth;
            int64_t count = std::min(c.set.panelWidth, c.outputs - output), stride = (last - first) * panelSize;
            float *to = u + (panel - first) * panelSize;
            if (c.isTurned)
                c.set.transformTurnedWeights(weight + output, count, c.outputs, c.inputs, to, stride);
            else
                c.set.transformWeights(weight + output * 9 * c.inputs, count, c.inputs, to, stride);
        }
    });
}

/// Calls `body(first, last)` for blocks of tiles: equal in size, as many for each thread, and small enough for caches.
template <typename Body> void forBlocks(const Convolution &c, const Body &body) {
    constexpr int64_t largest = 66;
    int64_t threads = at::get_num_threads(), tiles = c.tiles();
    int64_t blocks = std::min(tiles, (tiles + threads * largest - 1) / (threads * largest) * threads);
    at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
        for (int64_t block = begin; block < end; ++block)
            body(block * tiles / blocks, (block + 1) * tiles / blocks);
    });
}

/// - x: `[samples, height, width, inputs]`.
/// - weight: `[outputs, 3, 3, inputs]`, or turned.
/// - bias: `[outputs]` or null.
/// - y: `[samples, height, width, outputs]`.
void convolve(const Convolution &c, const float *x, const float *weight, const float *bias, float *y) {
    constexpr int64_t cached = 2 << 20;
    const std::vector<float> zeros(c.inputs);
    int64_t panelSize = 36 * c.inputs * c.set.panelWidth, inputSize = 36 * c.tiles() * c.inputs;
    // M of a block and some panels, and from it the result.
    auto finish = [&](const float *v, int64_t stride, const float *u, int64_t panel, int64_t panels, int64_t first,
                      int64_t last) {
        int64_t width = panels * c.set.panelWidth;
        auto m = scratch(36 * (last - first) * width);
        for (int64_t k = 0; k < 36; ++k)
            c.set.multiply(
                v + k * stride, last - first, c.inputs, u + k * c.inputs * width, data(m) + k * (last - first) * width,
                width);
        transformResults(c, data(m), bias, first, last, panel * c.set.panelWidth, width, y);
    };
    if (c.panels() * panelSize > cached && inputSize <= 2 * cached) {
        // Few tiles and many weights: V once, and U in parts that stay in the cache.
        auto v = scratch(inputSize);
        forBlocks(c, [&](int64_t first, int64_t last) {
            transformTiles(c, x, zeros.data(), first, last, data(v) + first * c.inputs, c.tiles() * c.inputs);
        });
        int64_t step = std::max<int64_t>(at::get_num_threads(), cached / panelSize);
        auto u = scratch(step * panelSize);
        for (int64_t panel = 0; panel < c.panels(); panel += step) {
            int64_t panels = std::min(step, c.panels() - panel);
            transformPanels(c, weight, panel, panel + panels, data(u));
            forBlocks(c, [&](int64_t first, int64_t last) {
                finish(data(v) + first * c.inputs, c.tiles() * c.inputs, data(u), panel, panels, first, last);
            });
        }
        return;
    }
    auto u = scratch(c.panels() * panelSize);
    transformPanels(c, weight, 0, c.panels(), data(u));
    forBlocks(c, [&](int64_t first, int64_t last) {
        auto v = scratch(36 * (last - first) * c.inputs);
        transformTiles(c, x, zeros.data(), first, last, data(v), (last - first) * c.inputs);
        finish(data(v), (last - first) * c.inputs, data(u), 0, c.panels(), first, last);
    });
}

// MARK: Tensors

/// Whether this is faster than libtorch's convolution: measured, see Benchmarks/results/convolutions.md.
bool suits(const at::Tensor &x, const at::Tensor &weight) {
    // The kernels are transformed anew each time, which many of them do not repay in few tiles.
    constexpr int64_t fewestChannels = 64, fewestTiles = 16, manyKernels = 256 * 256, fewestTilesOfMany = 36;
    if (Scope::current.isExact || !x.device().is_cpu() || x.dim() != 4 || x.scalar_type() != at::kFloat ||
        weight.scalar_type() != at::kFloat || weight.dim() != 4 || weight.size(2) != 3 || weight.size(3) != 3)
        return false;
    const auto *set = instructions();
    if (!set || x.size(1) != weight.size(1)) return false;
    auto isWide = [&](int64_t channels) { return channels >= fewestChannels && channels % set->lanes == 0; };
    // Not the batch's tiles: a sample is to come out the same in whatever company.
    int64_t tiles = ((x.size(2) + 3) / 4) * ((x.size(3) + 3) / 4);
    int64_t fewest = weight.size(0) * weight.size(1) > manyKernels ? fewestTilesOfMany : fewestTiles;
    return isWide(weight.size(0)) && isWide(weight.size(1)) && tiles >= fewest;
}

/// The convolution, or with the turned kernels that which gives the gradient on its input.
at::Tensor forward(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, bool isTurned = false) {
    auto input = x.contiguous(at::MemoryFormat::ChannelsLast), kernel = weight.contiguous(at::MemoryFormat::ChannelsLast);
    Convolution c{x.size(0), x.size(2), x.size(3), x.size(1), weight.size(isTurned ? 1 : 0), *instructions(), isTurned};
    auto y = at::empty({c.samples, c.outputs, c.height, c.width}, x.options(), at::MemoryFormat::ChannelsLast);
    auto offset = bias.defined() ? bias.contiguous() : bias;
    auto start = [](const at::Tensor &tensor) { return static_cast<const float *>(tensor.const_data_ptr()); };
    convolve(c, start(input), start(kernel), offset.defined() ? start(offset) : nullptr, data(y));
    return y;
}

at::Tensor convolution(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias);

/// The gradient on the input is a convolution with the kernels turned by half, inputs and outputs exchanged; that on the weights is
/// libtorch's.
struct Winograd : torch::autograd::Function<Winograd> {
    using Context = torch::autograd::AutogradContext;

    static at::Tensor forward(
        Context *context, const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias) {
        context->save_for_backward({x, weight});
        context->saved_data["hasBias"] = bias.has_value();
        return ctorch::forward(x, weight, bias.value_or(at::Tensor()));
    }

    static torch::autograd::variable_list backward(Context *context, torch::autograd::variable_list upstream) {
        auto saved = context->get_saved_variables();
        const auto &x = saved[0], &weight = saved[1];
        bool hasBias = context->saved_data["hasBias"].toBool();
        at::Tensor ofInput, ofWeight, ofBias;
        if (context->needs_input_grad(0))
            ofInput = c10::GradMode::is_enabled() ? convolution(upstream[0], weight.flip({2, 3}).transpose(0, 1), {})
                                                  : ctorch::forward(upstream[0], weight, {}, /*isTurned=*/true);
        bool needsWeight = context->needs_input_grad(1), needsBias = hasBias && context->needs_input_grad(2);
        if (needsWeight || needsBias) {
            const std::vector<int64_t> biasShape = {weight.size(0)}, ones = {1, 1}, zeros = {0, 0};
            std::tie(std::ignore, ofWeight, ofBias) = at::convolution_backward(
                upstream[0], x, weight, at::IntArrayRef(biasShape), ones, ones, ones, /*transposed=*/false, zeros,
                /*groups=*/1, {false, needsWeight, needsBias});
        }
        return {ofInput, ofWeight, ofBias};
    }
};

at::Tensor convolution(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias) {
    if (!suits(x, weight)) return at::conv2d(x, weight, bias, /*stride=*/1, /*padding=*/1);
    return Winograd::apply(x, weight, bias.defined() ? std::optional(bias) : std::nullopt);
}

} // namespace
} // namespace ctorch

using namespace ctorch;

extern "C" {

ct_status ct_conv3x3(ct_tensor *result, ct_tensor x, ct_tensor weight, ct_tensor bias) {
    const auto make = [&] { *result = give(convolution(borrow(x), borrow(weight), borrow(bias))); };
    return kept(make, [&] {
        auto shape = borrow(x).sizes().vec();
        if (shape.size() == 4) shape[1] = borrow(weight).size(0);
        *result = give(standIn(shape, borrow(x).scalar_type()));
    });
}

} // extern "C"
