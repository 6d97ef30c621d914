// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#pragma once

#if !__has_include(<ATen/core/Tensor.h>)
#error "libtorch was not found: run scripts/setup, or set LIBTORCH_PC to the path of a libtorch.pc"
#endif

#include "ctorch.h"

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <string>

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

/// The first failure of a scope.
struct Failure {
    void keep(ct_status status, const char *message) noexcept;

    /// Set last: whoever sees it may read the others, which then stay as they are.
    std::atomic<bool> isSet{false};
    ct_status status = 0;
    std::string message;

  private:
    std::mutex mutex;
};

/// What holds for the calls of some threads, see `ct_scope`.
struct Scope {
    int64_t threads = 0;
    /// Whether convolutions are libtorch's.
    bool isExact = false;
    /// Null where failures are not kept.
    std::shared_ptr<Failure> failure;

    static thread_local Scope current;
};

/// A tensor without elements, in the place of one that could not be made.
at::Tensor standIn(at::IntArrayRef shape, at::ScalarType dtype);

/// One in the place of a tensor.
at::Tensor standIn(const at::Tensor &tensor);

/// As `guarded`; where the thread's scope keeps failures and has one, now or from before, `instead` makes the results.
template <typename Body, typename Instead> ct_status kept(Body &&body, Instead &&instead) noexcept {
    auto *failure = Scope::current.failure.get();
    if (!failure || !failure->isSet) {
        const auto status = guarded(body);
        if (status == 0 || !failure) return status;
        failure->keep(status, ct_last_error());
    }
    guarded(instead);
    return CT_KEPT;
}

/// As `kept`, for what has no results.
template <typename Body> ct_status kept(Body &&body) noexcept { return kept(body, [] {}); }

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
