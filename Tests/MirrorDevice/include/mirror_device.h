// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#ifndef MIRROR_DEVICE_H
#define MIRROR_DEVICE_H

#include <stdint.h>

/// A device that stands in for a GPU on machines without one: its memory is the host's, its work is done by the CPU's kernels, and
/// as on a GPU, no operator takes tensors of both devices, and everything that the host would have to wait for is counted.
///
/// To libtorch it is an HPU. PrivateUse1, which is meant for extensions, cannot take the place of a tensor on the CPU, as networks do
/// when they move.

#ifdef __cplusplus
extern "C" {
#endif

/// The device's type among libtorch's.
enum : int32_t { mirror_device_type = 15 };

/// Adds the device; again does nothing.
void mirror_device_add(void);

/// What has crossed between the host and the device.
typedef struct {
    /// Copies to the host, and single numbers read.
    int64_t reads;
    /// Copies from the host.
    int64_t writes;
} mirror_traffic;

/// The traffic of this process since it began, of all threads.
mirror_traffic mirror_device_traffic(void);

#ifdef __cplusplus
}
#endif

#endif
