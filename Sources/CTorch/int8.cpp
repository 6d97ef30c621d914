// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

// Products of whole numbers of eight bits on the CPU. With x' = round(x / s) + z the input, from 0 to 255, and w'[d] = round(w[d] / t[d])
// the weights of an output channel d, from -127 to 127,
//
//     y[d] = s t[d] sum((x' - z) w'[d]) + b[d],
//
// whose sum is exact. Source: Jacob et al. 2018, section 2 (arXiv 1712.05877). The sums are oneDNN's, by libtorch's operators.

#include "shim.hpp"
#include "vectorised.hpp"

#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/stack.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include <cmath>

namespace ctorch {
namespace {

/// What libtorch has where it was built with oneDNN.
struct Operators {
    std::optional<c10::OperatorHandle> packConvolution, packLinear, convolution, linear;

    bool areThere() const { return packConvolution && packLinear && convolution && linear; }

    static const Operators &found() {
        static const Operators operators = [] {
            const auto find = [](const char *name) { return c10::Dispatcher::singleton().findSchema({name, ""}); };
            return Operators{
                find("onednn::qconv_prepack"), find("onednn::qlinear_prepack"), find("onednn::qconv2d_pointwise"),
                find("onednn::qlinear_pointwise")};
        }();
        return operators;
    }
};

at::Tensor call(const c10::OperatorHandle &handle, torch::jit::Stack stack) {
    handle.callBoxed(stack);
    return stack.at(0).toTensor();
}

c10::List<int64_t> pair(int64_t value) { return c10::List<int64_t>({value, value}); }

/// Whole numbers from 0 to 255, half rounded to even.
VECTORISED void quantise(uint8_t *__restrict y, const float *__restrict x, float factor, float offset, int64_t n) {
    for (int64_t i = 0; i < n; ++i)
        y[i] = static_cast<uint8_t>(
            static_cast<int32_t>(std::fmin(std::fmax(std::nearbyint(x[i] * factor) + offset, 0.0f), 255.0f)));
}

/// x' of x, which lies in memory as it does.
at::Tensor quantised(const at::Tensor &x, double scale, int64_t zero) {
    auto result = at::empty_like(x, x.options().dtype(at::kByte));
    const auto *from = static_cast<const float *>(x.const_data_ptr());
    auto *to = static_cast<uint8_t *>(result.mutable_data_ptr());
    auto factor = static_cast<float>(1 / scale), offset = static_cast<float>(zero);
    at::parallel_for(0, x.numel(), 1 << 15, [&](int64_t first, int64_t last) {
        quantise(to + first, from + first, factor, offset, last - first);
    });
    return result;
}

at::Tensor packed(const at::Tensor &weight, const at::Tensor &scales, double scale, int64_t zero, int64_t stride, int64_t padding) {
    c10::InferenceMode guard;
    const auto &operators = Operators::found();
    TORCH_CHECK(operators.areThere(), "this libtorch was built without oneDNN's operators of eight bits");
    if (weight.dim() == 2) return call(*operators.packLinear, {weight.contiguous(), at::IValue()});
    return call(
        *operators.packConvolution,
        {weight.contiguous(), scales, scale, zero, pair(stride), pair(padding), pair(1), int64_t(1), at::IValue()});
}

at::Tensor product(
    const at::Tensor &x, const at::Tensor &weight, const at::Tensor &scales, const at::Tensor &bias, double scale,
    int64_t zero, int64_t stride, int64_t padding, bool isConvolution) {
    const auto &operators = Operators::found();
    auto zeros = at::zeros({scales.size(0)}, at::kLong);
    at::IValue offset = bias.defined() ? at::IValue(bias) : at::IValue();
    auto kind = static_cast<int64_t>(at::kFloat);
    c10::List<std::optional<at::Scalar>> noScalars;
    if (isConvolution) {
        auto input = quantised(x.contiguous(at::MemoryFormat::ChannelsLast), scale, zero);
        return call(
            *operators.convolution,
            {input, scale, zero, weight, scales, zeros, offset, pair(stride), pair(padding), pair(1), int64_t(1), 1.0,
             int64_t(0), kind, "none", noScalars, ""});
    }
    auto input = quantised(x.contiguous(), scale, zero);
    return call(
        *operators.linear,
        {input, scale, zero, weight, scales, zeros, offset, 1.0, int64_t(0), kind, "none", noScalars, ""});
}

} // namespace
} // namespace ctorch

using namespace ctorch;

extern "C" {

bool ct_has_int8(void) { return Operators::found().areThere(); }

ct_status ct_int8_pack(
    ct_tensor *result, ct_tensor weight, ct_tensor scales, double scale, int64_t zero, int64_t stride, int64_t padding) {
    const auto make = [&] {
        *result = give(packed(borrow(weight), borrow(scales), scale, zero, stride, padding));
    };
    return kept(make, [&] { *result = give(standIn(borrow(weight))); });
}

ct_status ct_int8_product(
    ct_tensor *result, ct_tensor x, ct_tensor weight, ct_tensor scales, ct_tensor bias, double scale, int64_t zero,
    int64_t stride, int64_t padding, bool isConvolution) {
    const auto make = [&] {
        *result = give(product(
            borrow(x), borrow(weight), borrow(scales), borrow(bias), scale, zero, stride, padding, isConvolution));
    };
    return kept(make, [&] {
        auto shape = borrow(x).sizes().vec();
        shape[isConvolution ? 1 : shape.size() - 1] = borrow(scales).size(0);
        for (size_t i = 2; isConvolution && i < shape.size(); ++i) shape[i] = (shape[i] + stride - 1) / stride;
        *result = give(standIn(shape, at::kFloat));
    });
}

} // extern "C"
