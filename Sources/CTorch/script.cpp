// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include "shim.hpp"

#include <c10/core/GradMode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <memory>

using torch::jit::Module;

using namespace ctorch;

extern "C" {

ct_status ct_script_load(ct_script *result, const char *path, int32_t device_type, int32_t device_index) {
    return guarded([&] {
        at::Device device(static_cast<at::DeviceType>(device_type), static_cast<c10::DeviceIndex>(device_index));
        auto module = std::make_unique<Module>(torch::jit::load(path, device, /*load_debug_files=*/false));
        module->eval();
        TORCH_CHECK(module->find_method("forward"), "it has no function 'forward'");
        result->impl = module.release();
    });
}

void ct_script_free(ct_script script) { delete static_cast<Module *>(script.impl); }

ct_status ct_script_call(
    ct_tensor *result, ct_script script, ct_tensor input, const char *const *names, const bool *values,
    int64_t count) {
    return guarded([&] {
        c10::NoGradGuard withoutGradients;
        torch::jit::Kwargs options;
        for (int64_t i = 0; i < count; ++i) options[names[i]] = values[i];
        auto output = static_cast<Module *>(script.impl)->get_method("forward")({borrow(input)}, options);
        TORCH_CHECK(output.isTensor(), "it returns ", output.tagKind(), " instead of a tensor");
        *result = give(std::move(output).toTensor());
    });
}

} // extern "C"
