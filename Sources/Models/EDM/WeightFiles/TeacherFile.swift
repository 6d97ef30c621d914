// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
public import OrderedCollections
public import Torch
import Weights

/// The metadata key of a ``DenoiserDescription``.
private let descriptionKey = "dmd.architecture"

/// Loads a denoiser from a safetensors file.
///
/// The metadata key `dmd.architecture` holds a ``DenoiserDescription`` as JSON, as
/// ``saveDenoiser(_:to:dtype:metadata:)`` writes it. A file without it is taken for one of EDM's networks under EDM's
/// scalings, and its sizes are those that the tensors show. Weights of any type are loaded as float32.
///
/// - Parameters:
///   - url: the file.
///   - device: where the network goes.
/// - Throws: ``TeacherFileError``, `SafetensorsError`.
public func loadDenoiser(at url: URL, device: Device = .cpu) throws -> EDMDenoiser {
    let file = try SafetensorsFile(url)
    let denoiser = try makeDenoiser(description(of: file), weights: file.all(), file: url.path)
    denoiser.move(to: device)
    return denoiser
}

/// A denoiser with weights that come from a file of whatever kind.
///
/// - Parameters:
///   - description: what network they are for.
///   - weights: by their published names, `model.enc...`, or without the prefix `model.`; of any type.
///   - file: what errors call the file.
/// - Throws: ``TeacherFileError`` if the description makes no network or the weights are not its.
public func makeDenoiser(
    _ description: DenoiserDescription, weights: OrderedDictionary<String, Tensor>, file: String
) throws -> EDMDenoiser {
    do {
        try description.network.validate()
    } catch {
        throw TeacherFileError.unreadable(file: file, reason: "\(error)")
    }
    let denoiser = description.makeDenoiser(grid: try grid(of: description, in: weights, file: file))
    let isPrefixed = weights.keys.contains { $0.hasPrefix("model.") }
    let network: any Module = isPrefixed ? denoiser : denoiser.model
    do {
        try network.load(weights.filter { !Int8Checkpoint.isScale($0.key) })
        try Int8Checkpoint.use(in: network, weights)
    } catch let mismatch as StateMismatch {
        throw TeacherFileError.mismatch(file: file, mismatch)
    } catch let error as Int8Error {
        throw TeacherFileError.damaged(file: file, reason: error.reason)
    }
    return denoiser
}

extension DenoiserDescription {
    /// What the metadata of a file with the network's weights has to hold.
    public func metadata() throws -> [String: String] {
        [descriptionKey: String(decoding: try JSONEncoder.line.encode(self), as: UTF8.self)]
    }
}

/// The noise levels that come with the weights of improved DDPM.
private func grid(
    of description: DenoiserDescription, in weights: OrderedDictionary<String, Tensor>, file: String
) throws -> Tensor? {
    guard case .iddpm(let settings) = description.preconditioning, let grid = weights["u"] else { return nil }
    guard grid.shape == [settings.steps + 1] else {
        throw TeacherFileError.unreadable(
            file: file, reason: "its levels have shape \(grid.shape), not [\(settings.steps + 1)]")
    }
    return grid
}

/// Writes a denoiser to a safetensors file, whole or not at all.
///
/// - Parameters:
///   - denoiser: a network with published names. One that is not of this package is written without a description, for
///     code that knows it.
///   - url: the file, which is replaced if it exists.
///   - dtype: the type of the stored weights, but those of layers that have numbers of eight bits.
///   - metadata: texts to store along.
/// - Throws: `SafetensorsError`.
public func saveDenoiser(
    _ denoiser: EDMDenoiser, to url: URL, dtype: DType = .float32, metadata: [String: String] = [:]
) throws {
    var metadata = metadata
    if let description = DenoiserDescription(of: denoiser) {
        metadata.merge(try description.metadata()) { $1 }
    }
    try SafetensorsFile.write(
        Int8Checkpoint.state(of: denoiser, dtype: dtype), metadata: metadata, to: url)
}

private func description(of file: SafetensorsFile) throws -> DenoiserDescription {
    let path = file.url.path
    guard let json = file.metadata[descriptionKey] else {
        var shapes: OrderedDictionary<String, [Int]> = [:]
        for name in file.names { shapes[name] = try file.shape(of: name) }
        do {
            return DenoiserDescription(network: try UNetConfiguration(inferredFrom: shapes))
        } catch {
            throw TeacherFileError.unknown(file: path, reason: otherModel(file.names) ?? error.reason)
        }
    }
    do {
        return try JSONDecoder().decode(DenoiserDescription.self, from: Data(json.utf8))
    } catch {
        throw TeacherFileError.unreadable(file: path, reason: reason(error))
    }
}

/// What a file of another kind of model is, and what is taken in its place.
private func otherModel(_ names: [String]) -> String? {
    if names.contains(where: { $0.hasPrefix("model.diffusion_model.") }) {
        return
            "it is a whole model of Stable Diffusion in a single file, of which `dmd convert FILE FOLDER --tokenizer FOLDER` makes the folder "
            + "that is taken"
    }
    guard names.contains(where: { $0.hasPrefix("down_blocks.") || $0.hasPrefix("text_model.") }) else {
        return nil
    }
    return "it is a part of a model in the layout of diffusers, of which the whole folder is taken"
}

/// What Foundation found wrong with JSON, in one clause.
private func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "it lacks `\(key.stringValue)`"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
        "`\(context.codingPath.map(\.stringValue).joined(separator: "."))` has the wrong type"
    case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
        "`\(context.codingPath.map(\.stringValue).joined(separator: "."))` has an unknown value"
    default: "it is not JSON"
    }
}

/// Why a weight file does not make a denoiser.
public enum TeacherFileError: LocalizedError, Equatable, CustomStringConvertible {
    /// The file does not say what network its weights are for, and they are of none that is known.
    case unknown(file: String, reason: String)
    /// It says so in a way that cannot be used.
    case unreadable(file: String, reason: String)
    /// The weights are not those of the network that the file describes.
    case mismatch(file: String, StateMismatch)
    /// Its numbers of eight bits cannot be used.
    case damaged(file: String, reason: String)

    /// One sentence on what is wrong and what to do.
    public var description: String {
        switch self {
        case .unknown(let file, let reason):
            "\(file) holds no network that is known: \(reason); use weights of EDM's networks, or of a teacher that was trained here."
        case .unreadable(let file, let reason):
            "\(file) describes its network in a way that cannot be used: \(reason); convert the weights again."
        case .mismatch(let file, let mismatch):
            "\(file) does not fit the network it describes: \(mismatch)"
        case .damaged(let file, let reason):
            "\(file) has weights in int8 that cannot be used: \(reason); export them again."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
