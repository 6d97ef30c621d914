// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include "shim.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randperm.h>

namespace ctorch {

/// A Mersenne twister whose whole state comes from SplitMix64 (Steele, Lea and Flood 2014): libtorch's own
/// seeding looks at 32 bits only, so that of 100,000 streams two would be the same.
static at::mt19937 engine(uint64_t seed) {
    auto next = [&seed] {
        auto z = seed += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return static_cast<uint32_t>((z ^ (z >> 31)) >> 32);
    };
    at::mt19937 engine(seed);
    auto data = engine.data();
    for (auto &word : data.state_) word = next();
    engine.set_data(data);
    return engine;
}

} // namespace ctorch

using namespace ctorch;

extern "C" {

ct_status ct_generator_new(ct_generator *result, uint64_t seed) {
    return guarded([&] {
        auto generator = at::detail::createCPUGenerator(seed);
        at::check_generator<at::CPUGeneratorImpl>(generator)->set_engine(engine(seed));
        result->impl = new at::Generator(std::move(generator));
    });
}

void ct_generator_free(ct_generator generator) { delete static_cast<at::Generator *>(generator.impl); }

ct_status ct_generator_draw(
    ct_tensor *result, ct_generator generator, ct_distribution distribution, int64_t bound, const int64_t *shape,
    int64_t rank, int32_t dtype) {
    const auto make = [&] {
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
    };
    return kept(make, [&] {
        *result = give(standIn({shape, static_cast<size_t>(rank)}, static_cast<at::ScalarType>(dtype)));
    });
}

} // extern "C"
