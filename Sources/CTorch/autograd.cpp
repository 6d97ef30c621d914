// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include "shim.hpp"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

using namespace ctorch;

extern "C" {

bool ct_grad_enabled(void) { return c10::GradMode::is_enabled(); }

void ct_set_grad_enabled(bool enabled) { c10::GradMode::set_enabled(enabled); }

ct_status ct_set_requires_grad(ct_tensor tensor, bool requires_grad) {
    return kept([&] { borrow(tensor).set_requires_grad(requires_grad); });
}

bool ct_requires_grad(ct_tensor tensor) { return peek(tensor)->requires_grad() || borrow(tensor).requires_grad(); }

ct_status ct_gradient(ct_tensor *result, ct_tensor tensor) {
    return kept([&] { *result = give(borrow(tensor).grad()); });
}

ct_status ct_set_gradient(ct_tensor tensor, ct_tensor gradient) {
    return kept([&] { borrow(tensor).mutable_grad() = borrow(gradient); });
}

ct_status ct_backward(ct_tensor loss) {
    return kept([&] { torch::autograd::backward({borrow(loss)}); });
}

ct_status ct_backward_into(ct_tensor loss, const ct_tensor *leaves, int64_t count) {
    return kept([&] {
        torch::autograd::variable_list into;
        for (int64_t i = 0; i < count; ++i) into.push_back(borrow(leaves[i]));
        torch::autograd::backward({borrow(loss)}, {}, std::nullopt, false, into);
    });
}

ct_status ct_gradients(
    ct_tensor *results, ct_tensor loss, const ct_tensor *inputs, int64_t count, bool differentiable) {
    return kept([&] {
        torch::autograd::variable_list with;
        for (int64_t i = 0; i < count; ++i) with.push_back(borrow(inputs[i]));
        auto gradients = torch::autograd::grad(
            {borrow(loss)}, with, /*grad_outputs=*/{}, /*retain_graph=*/differentiable,
            /*create_graph=*/differentiable, /*allow_unused=*/true);
        for (int64_t i = 0; i < count; ++i) results[i] = give(std::move(gradients[i]));
    });
}

} // extern "C"
