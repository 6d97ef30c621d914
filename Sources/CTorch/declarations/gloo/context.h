// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#pragma once

#include <chrono>

namespace gloo {

class Context {
  public:
    void setTimeout(std::chrono::milliseconds timeout);
};

} // namespace gloo
