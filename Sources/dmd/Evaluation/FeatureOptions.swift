// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser

/// Which network's features images are compared by.
struct FeatureOptions: ParsableArguments {
    @Option(
        help: """
            The network whose features are compared: vgg16, inception (with torch-fidelity's resize), \
            inception-pytorch-fid, or a TorchScript program such as NVIDIA's inception-2015-12-05.pt. A program is run, so \
            take it from a source you trust (default: vgg16).
            """)
    var features: String?

    @Option(
        help: """
            The weights of vgg16 or inception (default: .weights/lpips-vgg16.safetensors, which scripts/setup fetches, \
            and .weights/inception.safetensors, which dmd convert makes).
            """)
    var featureWeights: Path?
}
