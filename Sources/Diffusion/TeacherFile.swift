// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
import OrderedCollections
public import Torch

/// What a weight file says of its network, as JSON in the metadata under ``key``.
private struct Architecture: Codable {
    static let key = "dmd.architecture"
    static let ddpmpp = "ddpmpp"

    var type = Architecture.ddpmpp
    var sigmaData: Double
    var network: DDPMppConfiguration
}

/// Loads a denoiser from a safetensors file that describes itself, as ``saveDenoiser(_:to:dtype:metadata:)`` writes it.
///
/// The metadata key `dmd.architecture` holds JSON: `{"type": "ddpmpp", "sigmaData": 0.5, "network": {...}}` with the
/// fields of ``DDPMppConfiguration``. Weights of any type are loaded as float32.
///
/// - Parameters:
///   - url: the file.
///   - device: where the network goes.
/// - Throws: ``TeacherFileError``, ``SafetensorsError``.
public func loadDenoiser(at url: URL, device: Device = .cpu) throws -> EDMDenoiser {
    let file = try SafetensorsFile(url)
    let architecture = try architecture(in: file)
    var stream = RandomStream(seed: 0, purpose: "network.weights")
    let denoiser = EDMDenoiser(
        DDPMpp(architecture.network, from: &stream),
        preconditioning: EDMPreconditioning(sigmaData: architecture.sigmaData))
    do {
        try denoiser.load(file.all())
    } catch let mismatch as StateMismatch {
        throw TeacherFileError.mismatch(file: url.path, mismatch)
    }
    denoiser.move(to: device)
    return denoiser
}

/// Writes a denoiser to a safetensors file, whole or not at all.
///
/// - Parameters:
///   - denoiser: a network with published names. One that is not a ``DDPMpp`` is written without a description, for
///     code that knows it.
///   - url: the file, which is replaced if it exists.
///   - dtype: the type of the stored weights.
///   - metadata: texts to store along.
/// - Throws: ``SafetensorsError``.
public func saveDenoiser(
    _ denoiser: EDMDenoiser, to url: URL, dtype: DType = .float32, metadata: [String: String] = [:]
) throws {
    var metadata = metadata
    if let network = denoiser.model as? DDPMpp {
        let architecture = Architecture(
            sigmaData: denoiser.preconditioning.sigmaData, network: network.configuration)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        metadata[Architecture.key] = String(decoding: try encoder.encode(architecture), as: UTF8.self)
    }
    let state = withoutGradients { denoiser.state.mapValues { $0.to(dtype) } }
    try SafetensorsFile.write(state, metadata: metadata, to: url)
}

private func architecture(in file: SafetensorsFile) throws -> Architecture {
    let path = file.url.path
    guard let json = file.metadata[Architecture.key] else { throw TeacherFileError.undescribed(file: path) }
    let architecture: Architecture
    do {
        architecture = try JSONDecoder().decode(Architecture.self, from: Data(json.utf8))
    } catch {
        throw TeacherFileError.unreadable(file: path, reason: reason(error))
    }
    guard architecture.type == Architecture.ddpmpp else {
        throw TeacherFileError.unknown(file: path, type: architecture.type)
    }
    guard architecture.sigmaData > 0 else {
        throw TeacherFileError.unreadable(file: path, reason: "`sigmaData` must be above 0")
    }
    do {
        try architecture.network.validate()
    } catch {
        throw TeacherFileError.unreadable(file: path, reason: "\(error)")
    }
    return architecture
}

/// What Foundation found wrong with JSON, in one clause.
private func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "it lacks `\(key.stringValue)`"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
        "`\(context.codingPath.map(\.stringValue).joined(separator: "."))` has the wrong type"
    default: "it is not JSON"
    }
}

/// Why a weight file does not make a denoiser.
public enum TeacherFileError: Error, Equatable, CustomStringConvertible {
    /// The file does not say what network its weights are for.
    case undescribed(file: String)
    /// It says so in a way that cannot be read.
    case unreadable(file: String, reason: String)
    /// It is for a network that this package does not have.
    case unknown(file: String, type: String)
    /// The weights are not those of the network that the file describes.
    case mismatch(file: String, StateMismatch)

    /// One sentence on what is wrong and what to do.
    public var description: String {
        switch self {
        case .undescribed(let file):
            "\(file) does not tell its network: convert the weights so that its metadata has '\(Architecture.key)'."
        case .unreadable(let file, let reason):
            "\(file) describes its network in a way that cannot be used: \(reason); convert the weights again."
        case .unknown(let file, let type):
            "\(file) is for the network '\(type)', which is not known: use weights for '\(Architecture.ddpmpp)'."
        case .mismatch(let file, let mismatch):
            "\(file) does not fit the network it describes: \(mismatch)"
        }
    }
}
