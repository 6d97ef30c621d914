// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Torch

/// The file of LPIPS's weights that `scripts/setup` makes.
struct WeightsFile {
    private let file: SafetensorsFile

    /// - Throws: ``MetricsError/missingWeights(file:)``, or `SafetensorsError` for a damaged file.
    init(_ url: URL) throws {
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw MetricsError.missingWeights(file: url.path)
        }
        file = try SafetensorsFile(url)
    }

    /// One tensor, converted and moved.
    ///
    /// - Throws: ``MetricsError/foreignWeights(file:tensor:expected:found:)``.
    func tensor(_ name: String, shape: [Int], dtype: DType, device: Device) throws -> Tensor {
        let found = file.names.contains(name) ? try file.shape(of: name) : nil
        guard found == shape else {
            throw MetricsError.foreignWeights(
                file: file.url.path, tensor: name, expected: shape, found: found)
        }
        return try file.tensor(name).to(dtype).to(device)
    }
}
