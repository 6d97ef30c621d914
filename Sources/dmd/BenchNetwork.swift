// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Evaluation
import Models
import Torch

/// The networks that `dmd bench` knows.
enum BenchNetwork: String, CaseIterable, ExpressibleByArgument {
    case tinyFashion = "tiny-fashion"
    case fashion = "fashion-mnist"
    case cifar10Half = "cifar10-half"
    case cifar10
    case cifar10NCSNpp = "cifar10-ncsnpp"
    case imageNet64 = "imagenet64"
    case stableDiffusion = "sd15"
    case stableDiffusionHalf = "sd15-half"

    /// The channels of the highest resolution.
    var modelChannels: Int {
        switch self {
        case .tinyFashion: 16
        case .fashion: 32
        case .cifar10Half: 64
        case .cifar10, .cifar10NCSNpp: 128
        case .imageNet64: 192
        case .stableDiffusion: 320
        case .stableDiffusionHalf: 160
        }
    }

    /// What can be timed with it.
    var items: [BenchItem] {
        let isOfText = self == .stableDiffusion || self == .stableDiffusionHalf
        return BenchItem.allCases.filter { $0 != (isOfText ? .sampleHeun : .textToImage) }
    }

    /// The work of an item, ready to be run again and again.
    func work(_ item: BenchItem, _ bench: Bench, _ device: Device) throws -> () -> Void {
        let channels = bench.modelChannels ?? modelChannels
        switch self {
        case .tinyFashion, .fashion: return try pixels(.fashionMNIST, channels, item, bench, device)
        case .cifar10Half, .cifar10: return try pixels(.cifar10Conditional(), channels, item, bench, device)
        case .cifar10NCSNpp: return try pixels(.cifar10Conditional(.ncsnpp), channels, item, bench, device)
        case .imageNet64: return try pixels(.imageNet64, channels, item, bench, device)
        case .stableDiffusion, .stableDiffusionHalf:
            return try StableDiffusionBench(channels: channels, device: device).work(item, bench)
        }
    }

    private func pixels(
        _ network: UNetConfiguration, _ channels: Int, _ item: BenchItem, _ bench: Bench, _ device: Device
    ) throws -> () -> Void {
        var network = network
        network.modelChannels = channels
        let denoiser = network.makeDenoiser(seed: 0)
        var stream = RandomStream(seed: 0, purpose: "bench.label")
        let condition = stream.integers(below: network.labelDim, shape: [bench.batch], device: device)
            .oneHot(classCount: network.labelDim).to(.float32)
        let work = BenchWork(
            bench, device, network: denoiser, makeNetwork: denoiser.untrained, condition: condition,
            distance: { lpips in { lpips($0, $1) } })
        guard item == .sampleHeun else { return try work.make(item) }
        return {
            wait(denoiser.makeImages(from: work.z, condition: condition, steps: 18))
        }
    }
}
