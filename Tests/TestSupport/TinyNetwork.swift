// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Models

/// A network of three classes, small enough to run at once.
public let tinyNetwork = {
    var network = UNetConfiguration()
    network.imgResolution = 16
    network.imgChannels = 1
    network.labelDim = 3
    network.modelChannels = 4
    network.channelMult = [1, 2]
    network.numBlocks = 1
    network.attnResolutions = []
    return network
}()
