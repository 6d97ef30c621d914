// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include "mirror_device.h"

#include <ATen/ATen.h>
#include <ATen/detail/HPUHooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <atomic>
#include <cstdlib>
#include <mutex>

namespace {

constexpr auto kind = c10::DeviceType::HPU;
static_assert(static_cast<int32_t>(kind) == mirror_device_type);

std::atomic<int64_t> reads, writes;

/// Whether the calling thread is within an operator, whose copies to the CPU and back are no traffic.
thread_local bool isComputing = false;

struct Computing {
    const bool before = isComputing;
    Computing() { isComputing = true; }
    ~Computing() { isComputing = before; }
};

// MARK: Memory

struct Memory final : c10::Allocator {
    c10::DataPtr allocate(size_t count) override {
        void *bytes = nullptr;
        TORCH_CHECK(posix_memalign(&bytes, 64, count > 0 ? count : 1) == 0, "no memory for ", count, " bytes");
        return {bytes, bytes, &std::free, c10::Device(kind, 0)};
    }
    c10::DeleterFnPtr raw_deleter() const override { return &std::free; }
    void copy_data(void *to, const void *from, size_t count) const override { std::memcpy(to, from, count); }
};

Memory memory;

/// One device with one stream. Work is done when it is started, so that events need do nothing.
struct Guard final : c10::impl::NoOpDeviceGuardImpl<kind> {
    c10::Device exchangeDevice(c10::Device) const override { return getDevice(); }
    c10::Device getDevice() const override { return {kind, 0}; }
    c10::Stream getStream(c10::Device) const noexcept override { return c10::Stream(c10::Stream::DEFAULT, getDevice()); }
    c10::Stream getNewStream(c10::Device device, int) const override { return getStream(device); }
    c10::Stream exchangeStream(c10::Stream) const noexcept override { return getStream(getDevice()); }
    void record(void **, const c10::Stream &, const c10::DeviceIndex, const c10::EventFlag) const override {}
    void block(void *, const c10::Stream &) const override {}
    bool queryEvent(void *) const override { return true; }
};

/// Makes it the accelerator, which the backward pass asks for.
struct Hooks final : at::HPUHooksInterface {
    explicit Hooks(at::HPUHooksArgs) {}
    void init() const override {}
    bool hasHPU() const override { return true; }
    bool isBuilt() const override { return true; }
    bool isAvailable() const override { return true; }
    bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
    c10::DeviceIndex deviceCount() const override { return 1; }
    void setCurrentDevice(c10::DeviceIndex) const override {}
    c10::DeviceIndex getCurrentDevice() const override { return 0; }
    c10::DeviceIndex exchangeDevice(c10::DeviceIndex) const override { return 0; }
    c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex) const override { return 0; }
};

// MARK: Tensors

at::Tensor empty(
    c10::SymIntArrayRef size, std::optional<at::ScalarType> type, std::optional<at::Layout>,
    std::optional<at::Device>, std::optional<bool>, std::optional<at::MemoryFormat> format) {
    return at::detail::empty_generic(
        C10_AS_INTARRAYREF_SLOW(size), &memory, c10::DispatchKeySet(c10::DispatchKey::HPU),
        c10::dtype_or_default(type), format);
}

at::Tensor emptyStrided(
    c10::SymIntArrayRef size, c10::SymIntArrayRef stride, std::optional<at::ScalarType> type,
    std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
    return at::detail::empty_strided_generic(
        C10_AS_INTARRAYREF_SLOW(size), C10_AS_INTARRAYREF_SLOW(stride), &memory,
        c10::DispatchKeySet(c10::DispatchKey::HPU), c10::dtype_or_default(type));
}

/// The same elements, seen by the CPU.
at::Tensor onHost(const at::Tensor &tensor) {
    if (tensor.device().is_cpu()) return tensor;
    c10::Storage storage(
        c10::Storage::use_byte_size_t(),
        at::detail::computeStorageNbytes(tensor.sizes(), tensor.strides(), tensor.itemsize()),
        c10::DataPtr(tensor.data_ptr(), at::kCPU));
    auto host = at::detail::make_tensor<c10::TensorImpl>(
        std::move(storage), c10::DispatchKeySet(c10::DispatchKey::CPU), tensor.dtype());
    host.unsafeGetTensorImpl()->set_sizes_and_strides(tensor.sizes(), tensor.strides());
    return host;
}

at::Tensor &copy(at::Tensor &target, const at::Tensor &source, bool) {
    if (!isComputing && source.device() != target.device()) ++(target.device().is_cpu() ? reads : writes);
    onHost(target).copy_(onHost(source));
    return target;
}

at::Tensor copyFromAndResize(const at::Tensor &source, const at::Tensor &target) {
    if (target.sizes() != source.sizes()) target.resize_(source.sizes());
    auto resized = target;
    return copy(resized, source, false);
}

at::Scalar localScalar(const at::Tensor &tensor) {
    if (!isComputing) ++reads;
    return onHost(tensor).item();
}

// MARK: Operators

/// Refuses tensors of both devices as CUDA's kernels do, which take a number of the CPU alone; else asks the CPU.
void compute(const c10::OperatorHandle &op, c10::DispatchKeySet, torch::jit::Stack *stack) {
    bool host = false, device = false;
    auto look = [&](const at::Tensor &tensor) {
        if (!tensor.defined() || tensor.dim() == 0) return;
        (tensor.device().is_cpu() ? host : device) = true;
    };
    for (const auto &argument : torch::jit::last(*stack, op.schema().arguments().size())) {
        if (argument.isTensor()) look(argument.toTensor());
        if (argument.isTensorList()) for (const at::Tensor &each : argument.toTensorVector()) look(each);
        if (argument.isOptionalTensorList())
            for (const auto &each : argument.toOptionalTensorVector()) if (each) look(*each);
    }
    TORCH_CHECK(!(host && device), op.schema().operator_name(), " takes no tensors of the host and of a device together");
    Computing computing;
    at::native::cpu_fallback(op, stack);
}

} // namespace

namespace at {
C10_REGISTER_CLASS(HPUHooksRegistry, HPUHooks, Hooks);
}

namespace c10::impl {
C10_REGISTER_GUARD_IMPL(HPU, Guard);
}

TORCH_LIBRARY_IMPL(aten, HPU, library) {
    library.impl("empty.memory_format", &empty);
    library.impl("empty_strided", &emptyStrided);
    library.impl("copy_", &copy);
    library.impl("_copy_from_and_resize", &copyFromAndResize);
    library.impl("_local_scalar_dense", &localScalar);
    library.impl("as_strided", TORCH_FN(at::native::as_strided_tensorimpl));
    library.impl("view", TORCH_FN(at::native::view));
    library.impl("_reshape_alias", TORCH_FN(at::native::_reshape_alias));
    library.impl("resize_", TORCH_FN(at::native::resize_));
    library.impl("unfold", TORCH_FN(at::native::unfold));
    // Their kernels for all devices come before a fallback, and call others that this device has not.
    for (const char *name : {"convolution_overrideable", "convolution", "convolution_backward", "embedding", "native_group_norm",
                             "native_layer_norm"})
        library.impl(name, torch::CppFunction::makeFromBoxedFunction<&compute>());
}

TORCH_LIBRARY_IMPL(_, HPU, library) {
    library.fallback(torch::CppFunction::makeFromBoxedFunction<&compute>());
}

extern "C" {

void mirror_device_add(void) {
    static std::once_flag once;
    std::call_once(once, [] { c10::SetAllocator(kind, &memory); });
}

mirror_traffic mirror_device_traffic(void) { return {reads.load(), writes.load()}; }

} // extern "C"
