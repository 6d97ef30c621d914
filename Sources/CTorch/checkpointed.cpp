// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

// Gradient checkpointing: a function whose graph is not kept. The backward pass evaluates it again, with a graph of its
// own, and goes through that.

#include "shim.hpp"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>
#include <vector>

namespace ctorch {
namespace {

/// The caller's function, released with the last graph that needs it.
struct Body : torch::CustomClassHolder {
    explicit Body(ct_function function) : function(function), scope(Scope::current) {}
    ~Body() override { function.release(function.context); }

    at::Tensor operator()(at::TensorList inputs) const {
        // A device's thread, which the backward pass may run on, has no scope of its own.
        auto former = std::exchange(Scope::current, scope);
        std::vector<ct_tensor> arguments;
        for (const auto &input : inputs) arguments.push_back(give(input));
        ct_tensor result{};
        function.call(function.context, &result, arguments.data());
        Scope::current = std::move(former);
        auto output = borrow(result);
        ct_tensor_free(result);
        return output;
    }

  private:
    ct_function function;
    Scope scope;
};

struct Recomputed : torch::autograd::Function<Recomputed> {
    using Context = torch::autograd::AutogradContext;
    using Variables = torch::autograd::variable_list;

    /// Parameters are named beside the inputs so that the graph has an edge to each.
    static at::Tensor forward(
        Context *context, const c10::intrusive_ptr<Body> &body, at::TensorList inputs,
        at::TensorList parameters) {
        Variables saved(inputs.begin(), inputs.end());
        saved.insert(saved.end(), parameters.begin(), parameters.end());
        context->save_for_backward(std::move(saved));
        context->saved_data["body"] = c10::IValue::make_capsule(body);
        context->saved_data["inputs"] = static_cast<int64_t>(inputs.size());
        return (*body)(inputs);
    }

    static Variables backward(Context *context, Variables upstream) {
        auto saved = context->get_saved_variables();
        auto body = c10::static_intrusive_pointer_cast<Body>(context->saved_data["body"].toCapsule());
        auto inputCount = static_cast<size_t>(context->saved_data["inputs"].toInt());
        c10::AutoGradMode recording(true);
        Variables inputs, sources;
        std::vector<size_t> places;
        for (size_t i = 0; i < saved.size(); ++i) {
            auto isInput = i < inputCount;
            auto tensor = isInput ? saved[i].detach() : saved[i];
            if (saved[i].requires_grad()) {
                if (isInput) tensor.set_requires_grad(true);
                sources.push_back(tensor);
                places.push_back(i);
            }
            if (isInput) inputs.push_back(std::move(tensor));
        }
        auto gradients = torch::autograd::grad(
            {(*body)(inputs)}, sources, upstream, /*retain_graph=*/false, /*create_graph=*/false,
            /*allow_unused=*/true);
        Variables results(1 + saved.size());  // none for the body
        for (size_t i = 0; i < places.size(); ++i) results[1 + places[i]] = std::move(gradients[i]);
        return results;
    }
};

} // namespace
} // namespace ctorch

using namespace ctorch;

extern "C" {

ct_status ct_recomputed(
    ct_tensor *result, ct_function function, const ct_tensor *inputs, int64_t input_count,
    const ct_tensor *parameters, int64_t parameter_count) {
    auto body = c10::make_intrusive<Body>(function);
    std::vector<at::Tensor> x, p;
    for (int64_t i = 0; i < input_count; ++i) x.push_back(borrow(inputs[i]));
    for (int64_t i = 0; i < parameter_count; ++i) p.push_back(borrow(parameters[i]));
    return kept(
        [&] { *result = give(Recomputed::apply(body, at::TensorList(x), at::TensorList(p))); },
        [&] { *result = give((*body)(x)); });
}

} // extern "C"
