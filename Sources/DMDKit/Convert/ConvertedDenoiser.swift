// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Models
import OrderedCollections
import Torch
import Weights

/// What network foreign weights are for; nil if they are of none that is known, such as those of a metric.
///
/// The network shows in the tensors' shapes, the scalings in the name of the class around it, where the file tells it;
/// else they are EDM's.
///
/// - Throws: `TeacherFileError` if the tensors of a U-Net are not all there, `KitError` if its settings are of no use.
func denoiserDescription(of weights: ForeignWeights, file: String) throws -> DenoiserDescription? {
    guard let network = try? UNetConfiguration(inferredFrom: weights.tensors.mapValues(\.shape)) else {
        return nil
    }
    let scalings = try weights.module.flatMap { try preconditioning(of: $0, file: file) }
    let description = DenoiserDescription(network: network, preconditioning: scalings ?? .edm(.init()))
    _ = try makeDenoiser(description, weights: weights.tensors, file: file)
    return description
}

/// The scalings of a class of EDM's, with the settings that lie in its attributes; nil for another class.
///
/// - Throws: `KitError` for settings that no network has.
private func preconditioning(of module: ForeignModule, file: String) throws -> PreconditioningDescription? {
    let kinds = [
        "EDMPrecond": ("edm", ["sigma_data": "sigmaData"]),
        "VPPrecond": ("vp", ["beta_d": "betaD", "beta_min": "betaMin", "M": "steps"]),
        "VEPrecond": ("ve", ["sigma_min": "sigmaMin", "sigma_max": "sigmaMax"]),
        "iDDPMPrecond": ("iddpm", ["C_1": "c1", "C_2": "c2", "M": "steps"]),
    ]
    guard let (kind, names) = kinds[module.className] else { return nil }
    var settings = ["type": SettingValue.string(kind)]
    for (name, own) in names { settings[own] = module.attributes[name] }
    do {
        return try JSONDecoder().decode(
            PreconditioningDescription.self, from: JSONEncoder().encode(settings))
    } catch {
        let found = names.keys.sorted().map { "\($0) \(module.attributes[$0].map { "\($0)" } ?? "missing")" }
        throw KitError(
            "\(file) has settings of \(module.className) that no network has, \(found.joined(separator: ", ")): "
                + "use another copy of the file.")
    }
}
