// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// All that makes a denoiser but its weights: what a weight file says of its network, as JSON.
///
///     {"network": {"arch": "ddpmpp", "imgResolution": 32, ...}, "preconditioning": {"type": "edm", "sigmaData": 0.5}}
public struct DenoiserDescription: Codable, Equatable, Sendable {
    /// The raw network.
    public var network: UNetConfiguration
    /// The scalings around it.
    public var preconditioning: PreconditioningDescription

    /// Collects the two.
    public init(network: UNetConfiguration, preconditioning: PreconditioningDescription = .edm(.init())) {
        self.network = network
        self.preconditioning = preconditioning
    }

    /// Describes a denoiser; nil if its network or its scalings are not of this package.
    public init?(of denoiser: EDMDenoiser) {
        guard let network = denoiser.model as? any UNet,
            let preconditioning = PreconditioningDescription(of: denoiser.preconditioning)
        else { return nil }
        self.init(network: network.configuration, preconditioning: preconditioning)
    }

    /// A denoiser with new weights, float32 on the CPU.
    ///
    /// - Parameters:
    ///   - seed: what names the weights.
    ///   - grid: the noise levels that belong to a checkpoint of improved DDPM, its tensor `u`.
    public func makeDenoiser(seed: UInt64 = 0, grid: Tensor? = nil) -> EDMDenoiser {
        var stream = RandomStream(seed: seed, purpose: "network.weights")
        return EDMDenoiser(
            network.makeNetwork(from: &stream),
            preconditioning: preconditioning.makePreconditioning(grid: grid))
    }
}

/// The scalings of this package, as text.
public enum PreconditioningDescription: Equatable, Sendable {
    /// EDM's.
    case edm(EDMPreconditioning)
    /// Those of the variance-preserving diffusion.
    case vp(VPPreconditioning)
    /// Those of the variance-exploding diffusion.
    case ve(VEPreconditioning)
    /// Those of improved DDPM.
    case iddpm(IDDPMSettings)

    /// What an ``IDDPMPreconditioning`` is made of.
    public struct IDDPMSettings: Codable, Equatable, Sendable {
        /// The least ratio of two successive steps' signals.
        public var c1 = 0.001
        /// What keeps the first steps from being too small.
        public var c2 = 0.008
        /// The number of steps.
        public var steps = 1000

        /// The published settings.
        public init() {}
    }

    init?(of preconditioning: any Preconditioning) {
        switch preconditioning {
        case let edm as EDMPreconditioning: self = .edm(edm)
        case let vp as VPPreconditioning: self = .vp(vp)
        case let ve as VEPreconditioning: self = .ve(ve)
        case let iddpm as IDDPMPreconditioning:
            var settings = IDDPMSettings()
            (settings.c1, settings.c2, settings.steps) = (iddpm.c1, iddpm.c2, iddpm.steps)
            self = .iddpm(settings)
        default: return nil
        }
    }

    func makePreconditioning(grid: Tensor?) -> any Preconditioning {
        switch self {
        case .edm(let edm): edm
        case .vp(let vp): vp
        case .ve(let ve): ve
        case .iddpm(let settings):
            IDDPMPreconditioning(c1: settings.c1, c2: settings.c2, steps: settings.steps, u: grid)
        }
    }
}

extension PreconditioningDescription: Codable {
    private enum Kind: String, Codable { case edm, vp, ve, iddpm }
    private enum CodingKeys: CodingKey { case type }

    /// Reads the type, and beside it what belongs to the type.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(Kind.self, forKey: .type) {
        case .edm: self = .edm(try EDMPreconditioning(from: decoder))
        case .vp: self = .vp(try VPPreconditioning(from: decoder))
        case .ve: self = .ve(try VEPreconditioning(from: decoder))
        case .iddpm: self = .iddpm(try IDDPMSettings(from: decoder))
        }
        guard isPossible else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "settings out of range"))
        }
    }

    /// Whether every setting is one that the scalings take.
    private var isPossible: Bool {
        switch self {
        case .edm(let edm): edm.sigmaData > 0
        case .vp(let vp): vp.betaD > 0 && vp.betaMin > 0 && vp.steps > 1
        case .ve(let ve): 0 < ve.sigmaMin && ve.sigmaMin < ve.sigmaMax
        case .iddpm(let settings):
            settings.c1 > 0 && settings.c2 > 0 && (2...1_000_000).contains(settings.steps)
        }
    }

    /// Writes the type, and beside it what belongs to the type.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .edm(let edm):
            try container.encode(Kind.edm, forKey: .type)
            try edm.encode(to: encoder)
        case .vp(let vp):
            try container.encode(Kind.vp, forKey: .type)
            try vp.encode(to: encoder)
        case .ve(let ve):
            try container.encode(Kind.ve, forKey: .type)
            try ve.encode(to: encoder)
        case .iddpm(let settings):
            try container.encode(Kind.iddpm, forKey: .type)
            try settings.encode(to: encoder)
        }
    }
}
