// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Evaluation
import Models
import Torch

extension Benchmark {
    /// What can be timed.
    public enum Item: String, CaseIterable, Codable, Sendable {
        /// A step of distillation.
        case step = "dmd_step"
        /// An update of the generator on a loss that costs nothing.
        case generatorUpdate = "generator_update"
        /// An update of the critic on images that are given.
        case criticUpdate = "critic_update"
        /// A batch in one evaluation of the network.
        case sampleOneStep = "sample_one_step"
        /// A batch in 18 steps of Heun's method.
        case sampleHeun = "sample_heun18"
        /// An image of 512 x 512 pixels from the tokens of a prompt, in one step.
        case textToImage = "text_to_image"

        /// Whether it needs gradients.
        var isTraining: Bool { [.step, .generatorUpdate, .criticUpdate].contains(self) }
    }

    /// The networks that can be timed.
    public enum Network: String, CaseIterable, Codable, Sendable {
        /// The bundled teacher's network.
        case tinyFashion = "tiny-fashion"
        /// The same, twice as wide.
        case fashion = "fashion-mnist"
        /// EDM's network of CIFAR-10, half as wide.
        case cifar10Half = "cifar10-half"
        /// EDM's network of CIFAR-10.
        case cifar10
        /// EDM's other network of CIFAR-10.
        case cifar10NCSNpp = "cifar10-ncsnpp"
        /// EDM's network of ImageNet.
        case imageNet64 = "imagenet64"
        /// The network of Stable Diffusion 1.5.
        case stableDiffusion = "sd15"
        /// The same, half as wide.
        case stableDiffusionHalf = "sd15-half"

        /// Channels of the highest resolution.
        public var modelChannels: Int {
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
        public var items: [Item] {
            let isOfText = self == .stableDiffusion || self == .stableDiffusionHalf
            return Item.allCases.filter { $0 != (isOfText ? .sampleHeun : .textToImage) }
        }
    }
}

extension Benchmark.Network {
    /// The work of an item; each call does it once, and waits for the device.
    func work(_ item: Benchmark.Item, of benchmark: Benchmark) throws -> () throws -> Void {
        let channels = benchmark.modelChannels ?? modelChannels
        let network: UNetConfiguration
        switch self {
        case .tinyFashion, .fashion: network = .fashionMNIST
        case .cifar10Half, .cifar10: network = .cifar10Conditional()
        case .cifar10NCSNpp: network = .cifar10Conditional(.ncsnpp)
        case .imageNet64: network = .imageNet64
        case .stableDiffusion, .stableDiffusionHalf:
            return try StableDiffusionBenchmark(benchmark, channels: channels).work(item)
        }
        return try BenchmarkWork(benchmark, network, channels: channels).work(item)
    }
}

extension BenchmarkWork<EDMDenoiser> {
    /// One of EDM's networks at some width, with a class for each image.
    fileprivate init(_ benchmark: Benchmark, _ network: UNetConfiguration, channels: Int) {
        var network = network
        network.modelChannels = channels
        var stream = RandomStream(seed: 0, purpose: "bench.label")
        let classes = stream.integers(
            below: network.labelDim, shape: [benchmark.batch], device: benchmark.compute.device)
        self.init(
            benchmark, network.makeDenoiser(seed: 0),
            condition: .classes(classes.oneHot(classCount: network.labelDim).to(.float32)),
            distance: { lpips in { lpips($0, $1) } })
    }
}
