// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

#pragma once

namespace gloo::transport {

class Device;
class UnboundBuffer;

} // namespace gloo::transport
