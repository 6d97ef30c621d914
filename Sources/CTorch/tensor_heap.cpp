// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

// Memory of large tensors on the CPU, kept for the next step and shared by all threads. A step frees and allocates the same
// activations again and again. glibc's defaults unmap them each time, and the system must clear every page anew; told to keep them, it
// keeps them for each thread apart, or with one arena makes the threads wait for one another at every small block. Here they lie
// in one range of addresses: what one thread frees another takes, neighbours grow together, and small blocks stay glibc's.

#include "shim.hpp"

#if defined(__linux__)
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>

#include <algorithm>
#include <map>
#include <set>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace ctorch {
namespace {

/// Blocks in one range of addresses, best fit first. Offsets and sizes are in bytes and multiples of `unit`.
class BlockList {
  public:
    explicit BlockList(size_t capacity) : capacity(capacity) {}

    static constexpr size_t unit = 64;

    /// The offset of a block of `size` bytes, or of a few more, which `size` is then set to; `capacity` if none is left.
    size_t take(size_t &size) {
        auto fitting = bySize.lower_bound({size, 0});
        if (fitting == bySize.end()) return takeAtEnd(size);
        auto [found, offset] = *fitting;
        remove(offset, found);
        if (found - size < leastRest) size = found;
        if (found > size) insert(offset + size, found - size);
        return offset;
    }

    void giveBack(size_t offset, size_t size) {
        auto next = byOffset.lower_bound(offset);
        if (next != byOffset.end() && next->first == offset + size) {
            size += next->second;
            remove(next->first, next->second);
        }
        auto previous = byOffset.lower_bound(offset);
        if (previous != byOffset.begin() && (--previous)->first + previous->second == offset) {
            auto [start, length] = *previous;
            remove(start, length);
            offset = start;
            size += length;
        }
        if (offset + size == end)
            end = offset;
        else
            insert(offset, size);
        highest = std::max(highest, offset + size);
    }

    /// Calls `body(offset, size)` for all that has been in use and is not.
    template <typename Body> void forFree(const Body &body) {
        for (auto [offset, size] : byOffset) body(offset, size);
        if (highest > end) body(end, highest - end);
        highest = end;
    }

  private:
    size_t takeAtEnd(size_t size) {
        if (size > capacity - end) return capacity;
        end += size;
        return end - size;
    }

    void insert(size_t offset, size_t size) {
        byOffset.emplace(offset, size);
        bySize.emplace(size, offset);
    }

    void remove(size_t offset, size_t size) {
        byOffset.erase(offset);
        bySize.erase({size, offset});
    }

    /// A smaller rest is left with its block.
    static constexpr size_t leastRest = 4096;

    const size_t capacity;
    size_t end = 0, highest = 0;
    std::map<size_t, size_t> byOffset;
    std::set<std::pair<size_t, size_t>> bySize;
};

class TensorHeap final : public c10::Allocator {
  public:
    /// Null where the system does not set so large a range of addresses aside.
    static TensorHeap *make() {
        size_t capacity = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
        void *start = mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (start == MAP_FAILED) return nullptr;
        return new TensorHeap(static_cast<char *>(start), capacity);
    }

    c10::DataPtr allocate(size_t size) override {
        void *data = size < smallest ? nullptr : take(size);
        if (!data) data = c10::alloc_cpu(size);
        return {data, data, &TensorHeap::free, c10::Device(c10::kCPU)};
    }

    c10::DeleterFnPtr raw_deleter() const override { return &TensorHeap::free; }

    void copy_data(void *to, const void *from, size_t size) const override { default_copy_data(to, from, size); }

    void returnFreed() {
        std::lock_guard<std::mutex> guard(lock);
        size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
        blocks.forFree([&](size_t offset, size_t size) {
            size_t first = (offset + page - 1) / page * page, last = (offset + size) / page * page;
            if (first < last) madvise(start + first, last - first, MADV_DONTNEED);
        });
    }

  private:
    TensorHeap(char *start, size_t capacity) : start(start), capacity(capacity), blocks(capacity) {}

    /// Null if there is no room. A block begins with its size.
    void *take(size_t size) {
        if (size > capacity - 2 * BlockList::unit) return nullptr;
        size_t whole = (size + 2 * BlockList::unit - 1) / BlockList::unit * BlockList::unit;
        std::lock_guard<std::mutex> guard(lock);
        size_t offset = blocks.take(whole);
        if (offset == capacity) return nullptr;
        *reinterpret_cast<size_t *>(start + offset) = whole;
        return start + offset + BlockList::unit;
    }

    static void free(void *data);

    bool owns(void *data) const { return static_cast<size_t>(static_cast<char *>(data) - start) < capacity; }

    /// Below this glibc keeps blocks for each thread, and fast ones.
    static constexpr size_t smallest = 16384;

    char *const start;
    const size_t capacity;
    std::mutex lock;
    BlockList blocks;
};

TensorHeap *heap = nullptr;

void TensorHeap::free(void *data) {
    if (!data) return;
    if (!heap->owns(data)) return c10::free_cpu(data);
    char *block = static_cast<char *>(data) - BlockList::unit;
    std::lock_guard<std::mutex> guard(heap->lock);
    heap->blocks.giveBack(static_cast<size_t>(block - heap->start), *reinterpret_cast<size_t *>(block));
}

} // namespace
} // namespace ctorch

extern "C" {

void ct_keep_freed_memory(void) {
    static std::once_flag once;
    std::call_once(once, [] {
        ctorch::heap = ctorch::TensorHeap::make();
        if (ctorch::heap) c10::SetAllocator(c10::kCPU, ctorch::heap);
    });
}

void ct_return_freed_memory(void) {
    if (ctorch::heap) ctorch::heap->returnFreed();
}

} // extern "C"

#else

extern "C" {

void ct_keep_freed_memory(void) {}

void ct_return_freed_memory(void) {}

} // extern "C"

#endif
