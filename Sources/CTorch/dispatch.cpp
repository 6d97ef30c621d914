// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#include "shim.hpp"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/stack.h>
#include <c10/core/GradMode.h>

namespace ctorch {
namespace {

/// The dispatcher pops arguments from a vector and pushes results to it; keeping one a thread spares an
/// allocation a call. Nested calls take a fresh one.
class StackLease {
  public:
    StackLease() : stack(std::move(spare)) { stack.clear(); }
    ~StackLease() {
        stack.clear();
        spare = std::move(stack);
    }
    StackLease(const StackLease &) = delete;
    StackLease &operator=(const StackLease &) = delete;

    torch::jit::Stack stack;

  private:
    static thread_local torch::jit::Stack spare;
};

thread_local torch::jit::Stack StackLease::spare;

template <typename Element> c10::List<Element> listOf(const Element *elements, int64_t count) {
    c10::List<Element> list;
    list.reserve(count);
    for (int64_t i = 0; i < count; ++i) list.push_back(elements[i]);
    return list;
}

at::IValue value(const ct_value &argument) {
    switch (argument.kind) {
    case CT_NONE: return {};
    case CT_TENSOR: return borrow(argument.tensor);
    case CT_INT: return argument.integer;
    case CT_DOUBLE: return argument.real;
    case CT_BOOL: return argument.boolean;
    case CT_STRING: return std::string(argument.string);
    case CT_INTS: return listOf(argument.integers, argument.count);
    case CT_DOUBLES: return listOf(argument.reals, argument.count);
    case CT_DEVICE:
        return c10::Device(
            static_cast<c10::DeviceType>(argument.integer), static_cast<c10::DeviceIndex>(argument.count));
    case CT_TENSORS: {
        c10::List<at::Tensor> list;
        list.reserve(argument.count);
        for (int64_t i = 0; i < argument.count; ++i) list.push_back(borrow(argument.tensors[i]));
        return list;
    }
    case CT_OPTIONAL_TENSORS: {
        c10::List<std::optional<at::Tensor>> list;
        list.reserve(argument.count);
        for (int64_t i = 0; i < argument.count; ++i) {
            auto tensor = borrow(argument.tensors[i]);
            list.push_back(tensor.defined() ? std::optional(std::move(tensor)) : std::nullopt);
        }
        return list;
    }
    }
    TORCH_CHECK(false, "unknown kind of argument ", static_cast<int>(argument.kind));
}

/// An argument whose tensors are replaced by stand-ins.
at::IValue withoutElements(const at::IValue &argument, const c10::Argument &parameter) {
    if (argument.isTensor()) return standIn(argument.toTensor());
    if (argument.isTensorList()) {
        c10::List<at::Tensor> list;
        for (const auto &tensor : argument.toTensorVector()) list.push_back(standIn(tensor));
        return list;
    }
    if (argument.isOptionalTensorList()) {
        c10::List<std::optional<at::Tensor>> list;
        for (const std::optional<at::Tensor> &tensor : argument.toOptionalTensorList())
            list.push_back(tensor ? std::optional(standIn(*tensor)) : std::nullopt);
        return list;
    }
    return parameter.name() == "device" ? at::IValue(c10::Device(at::kMeta)) : argument;
}

/// Collects tensor results; frees those already collected if there is no room for the next.
class Results {
  public:
    Results(ct_tensor *tensors, int64_t capacity) : tensors(tensors), capacity(capacity) {}

    void append(at::Tensor tensor) {
        if (count == capacity) {
            while (count > 0) ct_tensor_free(tensors[--count]);
            TORCH_CHECK(false, "there is room for ", capacity, " results only");
        }
        tensors[count++] = give(std::move(tensor));
    }

    /// Fills up all places, so that whoever counts on a result finds one.
    void fill(const at::Tensor &tensor) {
        while (count < capacity) tensors[count++] = give(tensor);
    }

    int64_t count = 0;

  private:
    ct_tensor *tensors;
    int64_t capacity;
};

void call(
    const c10::OperatorHandle &handle, const ct_value *arguments, int64_t argumentCount, bool standsIn,
    Results &results) {
    const auto &parameters = handle.schema().arguments();
    StackLease lease;
    auto &stack = lease.stack;
    for (int64_t i = 0; i < argumentCount; ++i) stack.push_back(value(arguments[i]));
    for (size_t i = argumentCount; i < parameters.size(); ++i) {
        const auto &fallback = parameters[i].default_value();
        TORCH_CHECK(fallback, handle.schema().name(), " needs an argument for ", parameters[i].name());
        stack.push_back(*fallback);
    }
    if (standsIn)
        for (size_t i = 0; i < stack.size(); ++i) stack[i] = withoutElements(stack[i], parameters[i]);
    handle.callBoxed(stack);
    for (auto &output : stack) {
        if (output.isTensor()) {
            results.append(std::move(output).toTensor());
        } else if (output.isTensorList()) {
            for (auto &tensor : std::move(output).toTensorVector()) results.append(std::move(tensor));
        }
    }
}

} // namespace
} // namespace ctorch

using namespace ctorch;

extern "C" {

ct_status ct_operator_find(ct_operator *result, const char *name, const char *overload) {
    return guarded([&] {
        auto found = c10::Dispatcher::singleton().findSchema({name, overload});
        TORCH_CHECK(found.has_value(), "this libtorch has no operator ", name, ".", overload);
        // The dispatcher keeps registered operators for the life of the process.
        result->handle = new c10::OperatorHandle(*found);
    });
}

ct_status ct_operator_call(
    ct_tensor *results, int64_t capacity, int64_t *count, ct_operator op, const ct_value *arguments,
    int64_t argument_count) {
    const auto &handle = *static_cast<const c10::OperatorHandle *>(op.handle);
    Results collected(results, capacity);
    const auto status = kept(
        [&] { call(handle, arguments, argument_count, /*standsIn=*/false, collected); },
        [&] {
            c10::NoGradGuard withoutGradients;
            auto failed = guarded([&] { call(handle, arguments, argument_count, /*standsIn=*/true, collected); });
            if (failed == 0) return;
            // What shape the result would have had cannot be told; the first tensor's is the likeliest.
            auto likeliest = standIn({}, at::kFloat);
            for (int64_t i = argument_count - 1; i >= 0; --i)
                if (arguments[i].kind == CT_TENSOR) likeliest = standIn(borrow(arguments[i].tensor));
            collected.fill(likeliest);
        });
    *count = collected.count;
    return status;
}

} // extern "C"
