// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include "shim.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <torch/version.h>

#include <atomic>
#include <cstring>
#include <limits>
#include <string>

namespace ctorch {

static thread_local std::string lastError;
static std::atomic<int64_t> liveTensors{0};

void setLastError(const char *message) noexcept {
    try {
        lastError = message;
    } catch (...) {
        lastError.clear();
    }
}

ct_tensor give(at::Tensor tensor) noexcept {
    if (!tensor.defined()) return {nullptr};
    liveTensors.fetch_add(1, std::memory_order_relaxed);
    return {tensor.unsafeReleaseTensorImpl()};
}

static c10::IntArrayRef sizes(const int64_t *shape, int64_t rank) {
    return {shape, static_cast<size_t>(rank)};
}

} // namespace ctorch

using namespace ctorch;

extern "C" {

const char *ct_last_error(void) { return lastError.c_str(); }

const char *ct_version(void) { return TORCH_VERSION; }

ct_status ct_tensor_copy_bytes(
    ct_tensor *result, const void *bytes, int64_t byte_count, const int64_t *shape, int64_t rank, int32_t dtype) {
    const auto make = [&] {
        auto tensor = at::empty(sizes(shape, rank), at::TensorOptions(static_cast<at::ScalarType>(dtype)));
        TORCH_CHECK(
            static_cast<int64_t>(tensor.nbytes()) == byte_count, "a tensor of shape ", tensor.sizes(), " needs ",
            tensor.nbytes(), " bytes, not ", byte_count);
        if (byte_count > 0) std::memcpy(tensor.mutable_data_ptr(), bytes, byte_count);
        *result = give(std::move(tensor));
    };
    return kept(make, [&] { *result = give(standIn(sizes(shape, rank), static_cast<at::ScalarType>(dtype))); });
}

/// Lays the kernels of a convolution out with their channels side by side, which libtorch does element by element.
static void copyChannelsLast(const at::Tensor &target, const float *source) {
    const int64_t inputs = target.size(1);
    const int64_t pixels = target.size(2) * target.size(3);
    auto *result = target.mutable_data_ptr<float>();
    for (int64_t output = 0; output < target.size(0); output++, source += inputs * pixels)
        for (int64_t pixel = 0; pixel < pixels; pixel++)
            for (int64_t input = 0; input < inputs; input++) *result++ = source[input * pixels + pixel];
}

ct_status ct_tensor_overwrite(ct_tensor tensor, const void *bytes, int64_t byte_count, int32_t dtype) {
    return kept([&] {
        const auto target = borrow(tensor);
        const auto type = static_cast<at::ScalarType>(dtype);
        const auto needed = target.numel() * static_cast<int64_t>(at::elementSize(type));
        TORCH_CHECK(
            needed == byte_count, "a tensor of shape ", target.sizes(), " needs ", needed, " bytes, not ",
            byte_count);
        if (type == at::kFloat && target.scalar_type() == at::kFloat && target.is_cpu() && target.dim() == 4 &&
            target.is_contiguous(at::MemoryFormat::ChannelsLast)) {
            copyChannelsLast(target, static_cast<const float *>(bytes));
            return;
        }
        // Only read from.
        auto *source = const_cast<void *>(bytes);
        target.copy_(at::from_blob(source, target.sizes(), at::TensorOptions(type)));
    });
}

void ct_tensor_free(ct_tensor tensor) {
    if (!tensor.impl) return;
    liveTensors.fetch_sub(1, std::memory_order_relaxed);
    c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::reclaim(peek(tensor));
}

ct_tensor ct_tensor_retain(ct_tensor tensor) { return give(borrow(tensor)); }

int64_t ct_tensor_rank(ct_tensor tensor) { return peek(tensor)->dim(); }
int64_t ct_tensor_size(ct_tensor tensor, int64_t dim) { return peek(tensor)->sizes()[dim]; }
int64_t ct_tensor_count(ct_tensor tensor) { return peek(tensor)->numel(); }
int32_t ct_tensor_dtype(ct_tensor tensor) {
    return static_cast<int32_t>(c10::typeMetaToScalarType(peek(tensor)->dtype()));
}
void ct_tensor_device(ct_tensor tensor, int32_t *type, int32_t *index) {
    auto device = peek(tensor)->device();
    *type = static_cast<int32_t>(device.type());
    *index = device.index();
}
bool ct_tensor_is_contiguous(ct_tensor tensor) { return peek(tensor)->is_contiguous(); }
bool ct_tensor_is_same(ct_tensor a, ct_tensor b) { return a.impl == b.impl; }

ct_status ct_tensor_data(void **result, ct_tensor tensor) {
    return kept([&] { *result = borrow(tensor).data_ptr(); }, [&] { *result = nullptr; });
}

ct_status ct_tensor_item(double *result, ct_tensor tensor) {
    return kept(
        [&] { *result = borrow(tensor).item().toDouble(); },
        [&] { *result = std::numeric_limits<double>::quiet_NaN(); });
}

ct_status ct_tensor_set_data(ct_tensor tensor, ct_tensor data) {
    return kept([&] { borrow(tensor).set_data(borrow(data)); });
}

int64_t ct_live_tensors(void) { return liveTensors.load(std::memory_order_relaxed); }

int32_t ct_threads(void) { return at::get_num_threads(); }

void ct_set_threads(int32_t count) { at::set_num_threads(count); }

bool ct_device_available(int32_t type, int32_t index) {
    auto deviceType = static_cast<at::DeviceType>(type);
    if (deviceType == at::kCPU) return index <= 0;
    try {
        if (!at::globalContext().hasCUDA() && deviceType == at::kCUDA) return false;
        if (!at::globalContext().hasMPS() && deviceType == at::kMPS) return false;
        at::empty({1}, at::TensorOptions(at::Device(deviceType, static_cast<int8_t>(index))));
        return true;
    } catch (...) {
        return false;
    }
}

} // extern "C"
