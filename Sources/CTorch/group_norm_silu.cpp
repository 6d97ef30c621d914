// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

// y = silu(groupNorm(x + shift)), with a weight and bias for all samples or for each, on the CPU in two passes over
// memory instead of ten. The backward pass makes the normalised values again from x, so the graph keeps no more than x
// and two numbers a group. Sums are taken over blocks of pixels and then over blocks, so that they do not depend on the
// number of threads.

#include "row_loops.hpp"
#include "shim.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/add.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/silu.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace ctorch {
namespace {

// MARK: One sample

struct Sizes {
    int64_t samples, pixels, channels, groups;
    int64_t perGroup() const { return channels / groups; }
    /// Pixels of a block, which fits into a core's cache.
    int64_t perBlock() const { return std::max<int64_t>(1, 32768 / channels); }
    int64_t blocks() const { return (pixels + perBlock() - 1) / perBlock(); }
};

/// Calls `body(n)` for all samples: side by side if there are enough of them for all threads, else one after another,
/// which leaves the threads to the sample's blocks.
template <typename Body> void forSamples(const Sizes &s, const Body &body) {
    int64_t grain = s.samples >= at::get_num_threads() ? 1 : s.samples;
    at::parallel_for(0, s.samples, grain, [&](int64_t begin, int64_t end) {
        for (int64_t n = begin; n < end; ++n) body(n);
    });
}

/// Calls `body(block, first, last)` for the pixels of all blocks of a sample.
template <typename Body> void forBlocks(const Sizes &s, const Body &body) {
    at::parallel_for(0, s.blocks(), 1, [&](int64_t begin, int64_t end) {
        for (int64_t block = begin; block < end; ++block)
            body(block, block * s.perBlock(), std::min((block + 1) * s.perBlock(), s.pixels));
    });
}

/// Adds the rows of the other blocks to the first one's.
template <typename T> void addBlocks(const Sizes &s, std::vector<T> &rows) {
    for (int64_t block = 1; block < s.blocks(); ++block) addRow(rows.data(), &rows[block * s.channels], s.channels);
}

/// Per channel of one sample: z = scale x + offset is the normalised, weighted and biased value; the normalised
/// value alone is rstd (x - centre).
template <typename T> struct Affine {
    std::vector<T> scale, offset, centre;

    Affine(const Sizes &s, const T *weight, const T *bias, const T *shift, const T *mean, const T *rstd)
        : scale(s.channels), offset(s.channels), centre(s.channels) {
        for (int64_t c = 0; c < s.channels; ++c) {
            int64_t g = c / s.perGroup();
            scale[c] = weight[c] * rstd[g];
            centre[c] = mean[g] - (shift ? shift[c] : T(0));
            offset[c] = bias[c] - centre[c] * scale[c];
        }
    }
};

/// Mean and reciprocal deviation of each group of x + shift. The mean of a block is found before its squares are
/// summed, so that nothing cancels; Chan et al. 1979 (Stanford STAN-CS-79-773) put blocks together.
template <typename T>
void statistics(const Sizes &s, const T *x, const T *shift, double epsilon, T *mean, T *rstd) {
    std::vector<double> means(s.blocks() * s.groups), squares(s.blocks() * s.groups);
    forBlocks(s, [&](int64_t block, int64_t first, int64_t last) {
        double elements = static_cast<double>((last - first) * s.perGroup());
        std::vector<T> sums(s.channels), centre(s.channels);
        for (int64_t p = first; p < last; ++p) addRow(sums.data(), x + p * s.channels, s.channels);
        for (int64_t g = 0; g < s.groups; ++g) {
            double total = 0;
            for (int64_t c = g * s.perGroup(); c < (g + 1) * s.perGroup(); ++c)
                total += sums[c] + (shift ? static_cast<double>(shift[c]) * (last - first) : 0.0);
            means[block * s.groups + g] = total / elements;
        }
        for (int64_t c = 0; c < s.channels; ++c)
            centre[c] = static_cast<T>(means[block * s.groups + c / s.perGroup()]) - (shift ? shift[c] : T(0));
        std::fill(sums.begin(), sums.end(), T(0));
        for (int64_t p = first; p < last; ++p) addSquares(sums.data(), x + p * s.channels, centre.data(), s.channels);
        for (int64_t c = 0; c < s.channels; ++c) squares[block * s.groups + c / s.perGroup()] += sums[c];
    });
    for (int64_t g = 0; g < s.groups; ++g) {
        double count = 0, centre = 0, total = 0;
        for (int64_t block = 0; block < s.blocks(); ++block) {
            double pixels = static_cast<double>(std::min(s.perBlock(), s.pixels - block * s.perBlock()));
            double distance = means[block * s.groups + g] - centre;
            count += pixels;
            centre += distance * pixels / count;
            total += squares[block * s.groups + g];
            total += distance * distance * pixels * (count - pixels) / count * s.perGroup();
        }
        mean[g] = static_cast<T>(centre);
        rstd[g] = static_cast<T>(1.0 / std::sqrt(total / (count * s.perGroup()) + epsilon));
    }
}

/// Without const_data_ptr<T>(), whose name clang and GCC mangle differently with libtorch 2.11.
template <typename T> const T *row(const at::Tensor &tensor, int64_t n, int64_t width) {
    return tensor.defined() ? static_cast<const T *>(tensor.const_data_ptr()) + n * width : nullptr;
}

/// The weight or bias of a sample: its own row, or the one that all samples share.
template <typename T> const T *channelRow(const at::Tensor &tensor, int64_t n, int64_t channels) {
    return row<T>(tensor, tensor.dim() == 2 ? n : 0, channels);
}

Sizes sizesOf(const at::Tensor &x, int64_t groups) { return {x.size(0), x.size(2) * x.size(3), x.size(1), groups}; }

template <typename T>
at::Tensor forward(
    const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, const at::Tensor &shift, double epsilon,
    at::Tensor &mean, at::Tensor &rstd, const Sizes &s) {
    auto y = at::empty_like(x);
    forSamples(s, [&](int64_t n) {
        const T *input = row<T>(x, n, s.pixels * s.channels);
        const T *added = row<T>(shift, n, s.channels);
        T *groupMean = mean.mutable_data_ptr<T>() + n * s.groups;
        T *groupRstd = rstd.mutable_data_ptr<T>() + n * s.groups;
        statistics(s, input, added, epsilon, groupMean, groupRstd);
        Affine<T> affine(
            s, channelRow<T>(weight, n, s.channels), channelRow<T>(bias, n, s.channels), added, groupMean, groupRstd);
        T *output = y.mutable_data_ptr<T>() + n * s.pixels * s.channels;
        forBlocks(s, [&](int64_t, int64_t first, int64_t last) {
            for (int64_t p = first; p < last; ++p)
                activate(
                    output + p * s.channels, input + p * s.channels, affine.scale.data(), affine.offset.data(),
                    s.channels);
        });
    });
    return y;
}

struct Gradients {
    at::Tensor x, weight, bias, shift;
};

/// With z the input of the activation, h the normalised value and m the mean over a group:
/// dx = rstd (w dz - m(w dz) - h m(w dz h)), dw = sum(dz h), db = sum(dz), dshift = sum over pixels of dx.
template <typename T>
Gradients backward(
    const at::Tensor &dy, const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias,
    const at::Tensor &shift, const at::Tensor &mean, const at::Tensor &rstd, const Sizes &s) {
    Gradients result;
    result.x = at::empty_like(x);
    // A row for each sample; where they share one, summed at the end, so that the result does not depend on the number
    // of threads.
    auto weightRows = at::empty({s.samples, s.channels}, weight.options());
    auto biasRows = at::empty({s.samples, s.channels}, weight.options());
    if (shift.defined()) result.shift = at::empty_like(shift, at::MemoryFormat::Contiguous);
    forSamples(s, [&](int64_t n) {
        const T *w = channelRow<T>(weight, n, s.channels);
        const T *input = row<T>(x, n, s.pixels * s.channels);
        const T *upstream = row<T>(dy, n, s.pixels * s.channels);
        const T *added = row<T>(shift, n, s.channels);
        const T *groupRstd = row<T>(rstd, n, s.groups);
        T *dx = result.x.mutable_data_ptr<T>() + n * s.pixels * s.channels;
        Affine<T> affine(
            s, w, channelRow<T>(bias, n, s.channels), added, row<T>(mean, n, s.groups), groupRstd);
        std::vector<T> sums(s.blocks() * s.channels), products(s.blocks() * s.channels);
        forBlocks(s, [&](int64_t block, int64_t first, int64_t last) {
            for (int64_t p = first; p < last; ++p)
                deactivate(
                    dx + p * s.channels, &sums[block * s.channels], &products[block * s.channels],
                    upstream + p * s.channels, input + p * s.channels, affine.centre.data(), affine.scale.data(),
                    affine.offset.data(), s.channels);
        });
        addBlocks(s, sums);
        addBlocks(s, products);

        std::vector<T> a(s.channels), b(s.channels), c0(s.channels);
        double elements = static_cast<double>(s.pixels * s.perGroup());
        for (int64_t g = 0; g < s.groups; ++g) {
            double plain = 0, projected = 0;
            for (int64_t c = g * s.perGroup(); c < (g + 1) * s.perGroup(); ++c) {
                T dw = products[c] * groupRstd[g];
                weightRows.mutable_data_ptr<T>()[n * s.channels + c] = dw;
                biasRows.mutable_data_ptr<T>()[n * s.channels + c] = sums[c];
                plain += static_cast<double>(w[c]) * sums[c];
                projected += static_cast<double>(w[c]) * dw;
            }
            for (int64_t c = g * s.perGroup(); c < (g + 1) * s.perGroup(); ++c) {
                a[c] = groupRstd[g] * w[c];
                b[c] = static_cast<T>(-groupRstd[g] * groupRstd[g] * projected / elements);
                c0[c] = static_cast<T>(-groupRstd[g] * plain / elements) - b[c] * affine.centre[c];
            }
        }
        std::vector<T> shiftSums(added ? s.blocks() * s.channels : 0);
        forBlocks(s, [&](int64_t block, int64_t first, int64_t last) {
            for (int64_t p = first; p < last; ++p) {
                combine(dx + p * s.channels, input + p * s.channels, a.data(), b.data(), c0.data(), s.channels);
                if (added) addRow(&shiftSums[block * s.channels], dx + p * s.channels, s.channels);
            }
        });
        if (!added) return;
        addBlocks(s, shiftSums);
        std::copy_n(shiftSums.data(), s.channels, result.shift.mutable_data_ptr<T>() + n * s.channels);
    });
    result.weight = weight.dim() == 2 ? weightRows : weightRows.sum(0);
    result.bias = bias.dim() == 2 ? biasRows : biasRows.sum(0);
    return result;
}

// MARK: Autograd

struct GroupNormSiLU : torch::autograd::Function<GroupNormSiLU> {
    using Context = torch::autograd::AutogradContext;

    static at::Tensor forward(
        Context *context, const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias,
        const std::optional<at::Tensor> &optionalShift, int64_t groups, double epsilon) {
        auto s = sizesOf(x, groups);
        auto shift = optionalShift.value_or(at::Tensor());
        auto mean = at::empty({s.samples, groups}, x.options().memory_format(at::MemoryFormat::Contiguous));
        auto rstd = at::empty_like(mean);
        auto y = x.scalar_type() == at::kFloat
                     ? ctorch::forward<float>(x, weight, bias, shift, epsilon, mean, rstd, s)
                     : ctorch::forward<double>(x, weight, bias, shift, epsilon, mean, rstd, s);
        context->save_for_backward({x, weight, bias, shift, mean, rstd});
        context->saved_data["groups"] = groups;
        return y;
    }

    static torch::autograd::variable_list backward(Context *context, torch::autograd::variable_list upstream) {
        auto saved = context->get_saved_variables();
        auto &x = saved[0];
        auto s = sizesOf(x, context->saved_data["groups"].toInt());
        auto dy = upstream[0].contiguous(at::MemoryFormat::ChannelsLast);
        auto d = x.scalar_type() == at::kFloat
                     ? ctorch::backward<float>(dy, x, saved[1], saved[2], saved[3], saved[4], saved[5], s)
                     : ctorch::backward<double>(dy, x, saved[1], saved[2], saved[3], saved[4], saved[5], s);
        return {d.x, d.weight, d.bias, d.shift, {}, {}};
    }
};

bool isFused(const at::Tensor &x, const at::Tensor &weight) {
    return x.device().is_cpu() && x.dim() == 4 && weight.scalar_type() == x.scalar_type() &&
           (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble);
}

} // namespace
} // namespace ctorch

using namespace ctorch;

extern "C" {

ct_status ct_group_norm_silu(
    ct_tensor *result, ct_tensor x, ct_tensor weight, ct_tensor bias, ct_tensor shift, int64_t groups,
    double epsilon) {
    const auto make = [&] {
        auto input = borrow(x), scale = borrow(weight), offset = borrow(bias), added = borrow(shift);
        TORCH_CHECK(input.dim() >= 2 && groups > 0 && input.size(1) % groups == 0, "the channels of ",
            input.sizes(), " do not form ", groups, " groups");
        const std::vector<int64_t> shared = {input.size(1)}, own = {input.size(0), input.size(1)};
        for (const auto &each : {scale, offset})
            TORCH_CHECK(each.sizes() == shared || each.sizes() == own, "weight and bias need the shape ",
                at::IntArrayRef(shared), " or ", at::IntArrayRef(own), ", not ", each.sizes());
        TORCH_CHECK(
            !added.defined() || added.sizes() == own, "the shift needs the shape ", at::IntArrayRef(own), ", not ",
            added.sizes());
        if (isFused(input, scale)) {
            *result = give(GroupNormSiLU::apply(
                input.contiguous(at::MemoryFormat::ChannelsLast), scale.contiguous(), offset.contiguous(),
                added.defined() ? std::optional(added.contiguous()) : std::nullopt, groups, epsilon));
            return;
        }
        if (added.defined()) input = at::add(input, added.unsqueeze(-1).unsqueeze(-1));
        if (scale.dim() == 1 && offset.dim() == 1) {
            *result = give(at::silu(at::group_norm(input, groups, scale, offset, epsilon)));
            return;
        }
        auto perPixel = [&](const at::Tensor &each) {
            std::vector<int64_t> shape(input.dim(), 1);
            shape[0] = each.dim() == 2 ? input.size(0) : 1;
            shape[1] = input.size(1);
            return each.view(shape);
        };
        auto normal = at::group_norm(input, groups, {}, {}, epsilon);
        *result = give(at::silu(at::addcmul(perPixel(offset), normal, perPixel(scale))));
    };
    return kept(make, [&] { *result = give(standIn(borrow(x))); });
}

} // extern "C"
