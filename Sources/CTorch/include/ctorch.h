// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#ifndef CTORCH_H
#define CTORCH_H

#include <stdbool.h>
#include <stdint.h>

/// libtorch behind C.
///
/// Every function that can fail returns 0 on success, and `CT_OUT_OF_MEMORY` where memory was lacking; otherwise
/// `ct_last_error` holds the reason until the same thread's next failure. Within a scope that keeps failures it returns
/// `CT_KEPT` instead, see `ct_scope`. No C++ exception crosses this header. Results come out through the first
/// parameters. A `ct_tensor` that a function hands out is owned by the caller and is returned with
/// `ct_tensor_free`; one that is passed in is only borrowed.

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t ct_status;

enum : int32_t { CT_OUT_OF_MEMORY = 2, CT_KEPT = 3 };

/// An owned reference to an `at::TensorImpl`.
typedef struct {
    void *impl;
} ct_tensor;

/// An operator of libtorch's dispatcher; valid for the life of the process.
typedef struct {
    const void *handle;
} ct_operator;

const char *ct_last_error(void);
const char *ct_version(void);

// MARK: Scopes

/// What holds for the calls of some threads: how many threads share a batch, whether failures are kept, and whether
/// convolutions are libtorch's.
///
/// Where they are, the first failure of an operator is kept, and from then on nothing in the scope computes: results are
/// stand-ins, tensors on libtorch's device "meta", which have a shape and a type and no elements. Whoever opened the scope
/// looks at `ct_scope_failure` before using a result.
typedef struct {
    void *impl;
} ct_scope;

/// A scope, to be freed: the calling thread's with as many threads, unless they are 0, and, if asked for, with a place of
/// its own for a failure, or with libtorch's convolutions.
ct_scope ct_scope_new(int64_t threads, bool keeps_failures, bool exact);

/// Makes a scope the calling thread's.
///
/// Returns the former one, to be freed.
ct_scope ct_scope_enter(ct_scope scope);

void ct_scope_free(ct_scope scope);

/// The threads of the calling thread's scope; 0 where it names none.
int64_t ct_scope_threads(void);

/// The status of the failure that a scope keeps, the calling thread's if it is null, and libtorch's words for it; 0 if
/// there is none.
ct_status ct_scope_failure(ct_scope scope, const char **message);

// MARK: Operators

typedef enum : int32_t {
    CT_NONE,
    CT_TENSOR,
    CT_INT,
    CT_DOUBLE,
    CT_BOOL,
    CT_STRING,
    CT_INTS,
    CT_DOUBLES,
    CT_TENSORS,
    CT_OPTIONAL_TENSORS,
    CT_DEVICE,
} ct_kind;

/// One argument of an operator. Lists are `count` elements at their pointer; a device is `(type, index)` in
/// `integer` and `count`; an absent element of `CT_OPTIONAL_TENSORS` has a null `impl`.
typedef struct {
    ct_kind kind;
    int64_t count;
    union {
        ct_tensor tensor;
        int64_t integer;
        double real;
        bool boolean;
        const char *string;
        const int64_t *integers;
        const double *reals;
        const ct_tensor *tensors;
    };
} ct_value;

/// Finds an operator such as ("aten::add", "Tensor").
ct_status ct_operator_find(ct_operator *result, const char *name, const char *overload);

/// Calls an operator through the dispatcher, autograd included. Arguments left out at the end take the
/// defaults of the operator's schema. Tensor results and the elements of tensor lists are written in order
/// to `results`, of which there must be room for `capacity`; their number is written to `count`.
ct_status ct_operator_call(
    ct_tensor *results, int64_t capacity, int64_t *count, ct_operator op, const ct_value *arguments,
    int64_t argument_count);

// MARK: Tensors

/// A contiguous CPU tensor with the given bytes, copied.
ct_status ct_tensor_copy_bytes(
    ct_tensor *result, const void *bytes, int64_t byte_count, const int64_t *shape, int64_t rank, int32_t dtype);

/// Overwrites a tensor with as many elements of type `dtype`, given in row-major order; they are converted if need be.
ct_status ct_tensor_overwrite(ct_tensor tensor, const void *bytes, int64_t byte_count, int32_t dtype);

void ct_tensor_free(ct_tensor tensor);

/// Another reference to a tensor, to be freed by itself.
ct_tensor ct_tensor_retain(ct_tensor tensor);

int64_t ct_tensor_rank(ct_tensor tensor);
int64_t ct_tensor_size(ct_tensor tensor, int64_t dim);
int64_t ct_tensor_count(ct_tensor tensor);
int32_t ct_tensor_dtype(ct_tensor tensor);
void ct_tensor_device(ct_tensor tensor, int32_t *type, int32_t *index);
bool ct_tensor_is_contiguous(ct_tensor tensor);
bool ct_tensor_is_same(ct_tensor a, ct_tensor b);

/// The address of the first element: of host memory only for a CPU tensor.
ct_status ct_tensor_data(void **result, ct_tensor tensor);

/// The value of a tensor of one element; waits for its device.
ct_status ct_tensor_item(double *result, ct_tensor tensor);

/// Replaces what `tensor` refers to (dtype and device included) and keeps its place in the autograd graph.
ct_status ct_tensor_set_data(ct_tensor tensor, ct_tensor data);

/// Tensors handed out and not yet freed, in this process.
int64_t ct_live_tensors(void);

// MARK: Networks

/// The convolution of `x` `[N, C, H, W]` with `weight` `[D, C, 3, 3]` and `bias` `[D]` or null, padded with zeros so that
/// the size stays. By Winograd's algorithm for wide float32 images on the CPU, channels-last, unless the scope is exact;
/// by libtorch elsewhere.
ct_status ct_conv3x3(ct_tensor *result, ct_tensor x, ct_tensor weight, ct_tensor bias);

/// silu(group_norm(x + shift)) of `x` `[N, C, H, W]`, `weight` and `bias` `[C]` or `[N, C]`, and `shift` `[N, C]` or
/// null. One kernel for float32 and float64 on the CPU, which returns channels-last; libtorch's operators elsewhere.
ct_status ct_group_norm_silu(
    ct_tensor *result, ct_tensor x, ct_tensor weight, ct_tensor bias, ct_tensor shift, int64_t groups,
    double epsilon);

/// Whether there are products of eight bits.
bool ct_has_int8(void);

/// `weight` int8 `[D, C, k, k]` or `[D, C]` as the products take it, for inputs of a scale and a zero.
///
/// - scales: of the weights, float32 `[D]`.
/// - stride, padding: a convolution's.
ct_status ct_int8_pack(
    ct_tensor *result, ct_tensor weight, ct_tensor scales, double scale, int64_t zero, int64_t stride, int64_t padding);

/// The convolution of float32 `x` `[N, C, H, W]`, or the product with `x` `[..., C]`, of whole numbers of eight bits; float32, channels-last.
///
/// - weight: what `ct_int8_pack` made.
/// - bias: float32 `[D]`, or null.
ct_status ct_int8_product(
    ct_tensor *result, ct_tensor x, ct_tensor weight, ct_tensor scales, ct_tensor bias, double scale, int64_t zero,
    int64_t stride, int64_t padding, bool is_convolution);

// MARK: Autograd

bool ct_grad_enabled(void);
void ct_set_grad_enabled(bool enabled);
ct_status ct_set_requires_grad(ct_tensor tensor, bool requires_grad);
bool ct_requires_grad(ct_tensor tensor);

/// The accumulated gradient, or a null tensor where there is none.
ct_status ct_gradient(ct_tensor *result, ct_tensor tensor);

/// Sets the accumulated gradient; a null tensor removes it.
ct_status ct_set_gradient(ct_tensor tensor, ct_tensor gradient);

/// Accumulates the gradient of the scalar `loss` in every leaf it depends on.
ct_status ct_backward(ct_tensor loss);

/// Accumulates the gradient of the scalar `loss` in those of `leaves` that it depends on, and in no others.
ct_status ct_backward_into(ct_tensor loss, const ct_tensor *leaves, int64_t count);

/// The gradients of the scalar `loss` with respect to `inputs`, written to `results` in their order; null where
/// `loss` does not depend on an input. With `differentiable` they carry a graph of their own.
ct_status ct_gradients(
    ct_tensor *results, ct_tensor loss, const ct_tensor *inputs, int64_t count, bool differentiable);

/// A function of some tensors, of a number that both sides know. `call` takes over its inputs and hands out a result;
/// `release` is called once when nothing needs the function any more. Both may be called on any thread.
typedef struct {
    void *context;
    void (*call)(void *context, ct_tensor *result, const ct_tensor *inputs);
    void (*release)(void *context);
} ct_function;

/// What `function` makes of `inputs`, as one node of the graph, whose backward pass evaluates the function again. The
/// gradient reaches the inputs and `parameters`, which must be all other tensors that the function makes its result of
/// and that need one. Takes over `function`, also where it fails.
ct_status ct_recomputed(
    ct_tensor *result, ct_function function, const ct_tensor *inputs, int64_t input_count,
    const ct_tensor *parameters, int64_t parameter_count);

// MARK: Random numbers

typedef enum : int32_t { CT_NORMAL, CT_UNIFORM, CT_INTEGERS, CT_PERMUTATION } ct_distribution;

/// A CPU random source.
typedef struct {
    void *impl;
} ct_generator;

ct_status ct_generator_new(ct_generator *result, uint64_t seed);
void ct_generator_free(ct_generator generator);

/// Draws a CPU tensor. `bound` is the exclusive upper end for integers and the length of a permutation.
ct_status ct_generator_draw(
    ct_tensor *result, ct_generator generator, ct_distribution distribution, int64_t bound, const int64_t *shape,
    int64_t rank, int32_t dtype);

// MARK: TorchScript

/// A program in TorchScript with its weights.
typedef struct {
    void *impl;
} ct_script;

/// Loads a program and moves it to a device, given as in `ct_value`. Nothing of it runs yet.
ct_status ct_script_load(ct_script *result, const char *path, int32_t device_type, int32_t device_index);
void ct_script_free(ct_script script);

/// What the program's `forward(input, names[0]=values[0], ...)` returns, without gradients; anything but one tensor is a
/// failure. May be called from several threads at once.
ct_status ct_script_call(
    ct_tensor *result, ct_script script, ct_tensor input, const char *const *names, const bool *values,
    int64_t count);

// MARK: Processes that work together

/// A place where processes leave numbers for one another, which one of them, or their launcher, serves.
typedef struct {
    void *impl;
} ct_store;

/// Opens the store at an address. Whoever serves it makes it there first; the others wait for it, for so many milliseconds at most.
ct_status ct_store_open(ct_store *result, const char *host, int32_t port, bool serves, int64_t milliseconds);
void ct_store_free(ct_store store);

/// Leaves a number, at least 0, under a name.
ct_status ct_store_set(ct_store store, const char *key, int64_t value);

/// The number that was left under a name; -1 if none was.
ct_status ct_store_get(int64_t *result, ct_store store, const char *key);

/// Processes that exchange tensors of the CPU, by libtorch's Gloo. All must make the same calls in the same order; each waits for the
/// others, and fails where one of them ends or does not come within the time that the group was made with.
typedef struct {
    void *impl;
} ct_group;

/// Joins the group of a name as one of `count` processes.
ct_status ct_group_join(
    ct_group *result, ct_store store, const char *name, int32_t rank, int32_t count, int64_t milliseconds);
/// Lets what waits for the other processes fail within half a second, on whichever thread, now and from now on.
void ct_group_give_up(ct_group group);
void ct_group_free(ct_group group);

/// What all processes have, one after another: `[count * N, ...]` of `[N, ...]`. The tensors must have one shape and type.
ct_status ct_group_gather(ct_tensor *result, ct_group group, ct_tensor tensor);

/// Of the rows of each process's `[count, ...]` the one of this rank, by rank: `[count, ...]`.
ct_status ct_group_exchange(ct_tensor *result, ct_group group, ct_tensor tensor);

// MARK: Process

int32_t ct_threads(void);
void ct_set_threads(int32_t count);
bool ct_device_available(int32_t type, int32_t index);

/// Lets freed memory of large tensors be kept for the next ones, of any thread, instead of returned to the system, which would
/// have to clear every page of the next step's activations anew. On Linux; elsewhere it does nothing.
void ct_keep_freed_memory(void);

/// Returns the memory that has been kept until now.
void ct_return_freed_memory(void);

#ifdef __cplusplus
}
#endif

#endif
