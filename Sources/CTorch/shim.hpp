// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#pragma once

#if !__has_include(<ATen/core/Tensor.h>)
#error "libtorch was not found: run scripts/setup, or set LIBTORCH_PC to the path of a libtorch.pc"
#endif

#include "ctorch.h"

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <cstring>
#include <new>

namespace ctorch {

void setLastError(const char *message) noexcept;

/// Whether libtorch reports with `error` that it got no memory: on the CPU it throws its general type.
inline bool isOutOfMemory(const c10::Error &error) noexcept {
    if (dynamic_cast<const c10::OutOfMemoryError *>(&error)) return true;
    return std::strstr(error.what_without_backtrace(), "DefaultCPUAllocator") != nullptr;
}

/// Runs `body` and turns any exception into a status and a message.
template <typename Body> ct_status guarded(Body &&body) noexcept {
    try {
        body();
        return 0;
    } catch (const c10::Error &error) {
        setLastError(error.what_without_backtrace());
        if (isOutOfMemory(error)) return CT_OUT_OF_MEMORY;
    } catch (const std::bad_alloc &error) {
        setLastError(error.what());
        return CT_OUT_OF_MEMORY;
    } catch (const std::exception &error) {
        setLastError(error.what());
    } catch (...) {
        setLastError("an unknown C++ exception");
    }
    return 1;
}

/// Gives the reference that `tensor` holds to the caller of the C interface. An undefined tensor becomes null.
ct_tensor give(at::Tensor tensor) noexcept;

/// A counted reference to a tensor that the caller keeps.
inline at::Tensor borrow(ct_tensor tensor) {
    if (!tensor.impl) return {};
    auto *impl = static_cast<at::TensorImpl *>(tensor.impl);
    return at::Tensor(c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::reclaim_copy(impl));
}

/// The tensor's implementation, for questions that need no reference.
inline at::TensorImpl *peek(ct_tensor tensor) { return static_cast<at::TensorImpl *>(tensor.impl); }

} // namespace ctorch
