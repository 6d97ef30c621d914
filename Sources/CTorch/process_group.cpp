// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

// The header is empty without it.
#define USE_C10D_GLOO

#include "shim.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <vector>

using Store = c10::intrusive_ptr<c10d::TCPStore>;

using namespace ctorch;

namespace {

c10d::TCPStore &storeOf(ct_store store) { return **static_cast<Store *>(store.impl); }

struct Group {
    c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
    std::atomic<bool> isGivenUp{false};

    /// Waits for the others, unless they are given up meanwhile: Gloo itself cannot be told.
    void wait(c10d::Work &work) const {
        while (true) {
            try {
                work.wait(std::chrono::milliseconds(500));
                return;
            } catch (const c10::Error &) {
                if (work.isCompleted()) throw;
                TORCH_CHECK(!isGivenUp, "another process does not answer");
            }
        }
    }
};

Group &groupOf(ct_group group) { return *static_cast<Group *>(group.impl); }

} // namespace

extern "C" {

ct_status ct_store_open(ct_store *result, const char *host, int32_t port, bool serves, int64_t milliseconds) {
    return guarded([&] {
        // What libtorch would log on the way to a failure is in the failure's words.
        if (!std::getenv("TORCH_CPP_LOG_LEVEL")) FLAGS_caffe2_log_level = 3;
        c10d::TCPStoreOptions options;
        options.port = static_cast<uint16_t>(port);
        options.isServer = serves;
        options.waitWorkers = false;
        options.timeout = std::chrono::milliseconds(milliseconds);
        result->impl = new Store(c10::make_intrusive<c10d::TCPStore>(host, options));
    });
}

void ct_store_free(ct_store store) { delete static_cast<Store *>(store.impl); }

ct_status ct_store_set(ct_store store, const char *key, int64_t value) {
    return guarded([&] {
        const auto text = std::to_string(value);
        storeOf(store).set(key, std::vector<uint8_t>(text.begin(), text.end()));
    });
}

ct_status ct_store_get(int64_t *result, ct_store store, const char *key) {
    return guarded([&] {
        *result = -1;
        if (!storeOf(store).check({key})) return;
        const auto bytes = storeOf(store).get(key);
        *result = std::stoll(std::string(bytes.begin(), bytes.end()));
    });
}

ct_status ct_group_join(
    ct_group *result, ct_store store, const char *name, int32_t rank, int32_t count, int64_t milliseconds) {
    return guarded([&] {
        const std::chrono::milliseconds timeout(milliseconds);
        auto prefixed = c10::make_intrusive<c10d::PrefixStore>(name, *static_cast<Store *>(store.impl));
        auto options = c10d::ProcessGroupGloo::Options::create_default(timeout);
        result->impl = new Group{c10::make_intrusive<c10d::ProcessGroupGloo>(prefixed, rank, count, options)};
    });
}

void ct_group_give_up(ct_group group) { groupOf(group).isGivenUp = true; }

void ct_group_free(ct_group group) {
    // The threads of one that is given up wait on, and freeing it would wait for them: it ends with the program.
    if (!groupOf(group).isGivenUp) delete &groupOf(group);
}

ct_status ct_group_gather(ct_tensor *result, ct_group group, ct_tensor tensor) {
    return guarded([&] {
        auto input = borrow(tensor).contiguous();
        auto shape = input.sizes().vec();
        shape.at(0) *= groupOf(group).gloo->getSize();
        auto output = at::empty(shape, input.options());
        groupOf(group).wait(*groupOf(group).gloo->_allgather_base(output, input));
        *result = give(std::move(output));
    });
}

ct_status ct_group_exchange(ct_tensor *result, ct_group group, ct_tensor tensor) {
    return guarded([&] {
        auto input = borrow(tensor).contiguous();
        auto output = at::empty_like(input);
        std::vector<int64_t> even;
        groupOf(group).wait(*groupOf(group).gloo->alltoall_base(output, input, even, even));
        *result = give(std::move(output));
    });
}

} // extern "C"
