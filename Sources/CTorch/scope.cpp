// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include "shim.hpp"

#include <ATen/ops/empty.h>

#include <utility>

using namespace ctorch;

namespace ctorch {

thread_local Scope Scope::current;

void Failure::keep(ct_status status, const char *message) noexcept {
    std::lock_guard guard(mutex);
    if (isSet) return;
    this->status = status;
    try {
        this->message = message;
    } catch (...) {
    }
    isSet = true;
}

at::Tensor standIn(at::IntArrayRef shape, at::ScalarType dtype) {
    return at::empty(shape, at::TensorOptions(dtype).device(at::kMeta));
}

at::Tensor standIn(const at::Tensor &tensor) {
    if (!tensor.defined()) return tensor;
    return tensor.is_meta() ? tensor.detach() : standIn(tensor.sizes(), tensor.scalar_type());
}

} // namespace ctorch

static const Scope *unwrapped(ct_scope scope) { return static_cast<Scope *>(scope.impl); }

extern "C" {

ct_scope ct_scope_new(int64_t threads, bool keeps_failures, bool exact) {
    auto scope = std::make_unique<Scope>(Scope::current);
    if (threads > 0) scope->threads = threads;
    if (exact) scope->isExact = true;
    if (keeps_failures) scope->failure = std::make_shared<Failure>();
    return {scope.release()};
}

ct_scope ct_scope_enter(ct_scope scope) {
    auto former = std::make_unique<Scope>(std::exchange(Scope::current, *unwrapped(scope)));
    return {former.release()};
}

void ct_scope_free(ct_scope scope) { delete unwrapped(scope); }

int64_t ct_scope_threads(void) { return Scope::current.threads; }

ct_status ct_scope_failure(ct_scope scope, const char **message) {
    const auto *failure = (scope.impl ? *unwrapped(scope) : Scope::current).failure.get();
    if (!failure || !failure->isSet) return 0;
    *message = failure->message.c_str();
    return failure->status;
}

} // extern "C"
