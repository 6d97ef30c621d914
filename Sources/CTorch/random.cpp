// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include "shim.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randperm.h>

using namespace ctorch;

extern "C" {

ct_status ct_generator_new(ct_generator *result, uint64_t seed) {
    return guarded([&] { result->impl = new at::Generator(at::detail::createCPUGenerator(seed)); });
}

void ct_generator_free(ct_generator generator) { delete static_cast<at::Generator *>(generator.impl); }

ct_status ct_generator_draw(
    ct_tensor *result, ct_generator generator, ct_distribution distribution, int64_t bound, const int64_t *shape,
    int64_t rank, int32_t dtype) {
    return guarded([&] {
        auto &source = *static_cast<at::Generator *>(generator.impl);
        auto options = at::TensorOptions(static_cast<at::ScalarType>(dtype));
        if (distribution == CT_PERMUTATION) {
            *result = give(at::randperm(bound, source, options));
            return;
        }
        auto tensor = at::empty({shape, static_cast<size_t>(rank)}, options);
        switch (distribution) {
        case CT_NORMAL: tensor.normal_(0, 1, source); break;
        case CT_UNIFORM: tensor.uniform_(0, 1, source); break;
        default: tensor.random_(0, bound, source);
        }
        *result = give(std::move(tensor));
    });
}

} // extern "C"
