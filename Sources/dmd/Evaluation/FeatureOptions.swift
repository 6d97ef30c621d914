// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser

/// Which network's features images are compared by.
struct FeatureOptions: ParsableArguments {
    @Option(
        help: """
            The network whose features are compared: efficientnet-lite0, vgg16, inception (with torch-fidelity's resize), \
            inception-pytorch-fid, or a TorchScript program such as NVIDIA's inception-2015-12-05.pt. A program is run, so \
            take it from a source you trust (default: efficientnet-lite0, which no loss reads).
            """)
    var features: String?

    @Option(
        help: """
            The weights of that network (default: those in .weights/; scripts/setup fetches those of efficientnet-lite0 \
            and vgg16, and pt_inception-2015-12-05-6726825d.pth is for you to put there).
            """)
    var featureWeights: Path?
}
