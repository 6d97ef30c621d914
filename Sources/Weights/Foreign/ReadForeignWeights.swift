// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Files
public import Foundation
import OrderedCollections
import Torch

/// Reads weights without running anything that the file holds.
///
/// Values of classes that nothing here knows are left unread beside the weights, and refused among them.
///
/// - `torch.save` in both its formats: tensors, parameters and arrays in dictionaries, `OrderedDict`s, lists and modules.
/// - Pickles such as EDM's, whose modules carry their source text; it is not looked at.
/// - `.npz` and `.npy`, little-endian, in either order of dimensions.
/// - safetensors.
///
/// Names are those of `state_dict`: keys of nested dictionaries joined by dots. If the file's value is a dictionary of which
/// one entry holds tensors (`ema` in EDM's snapshots, `state_dict` elsewhere), the names begin within that entry.
///
/// - Parameters:
///   - url: the file.
///   - key: the entry to read where several hold tensors; `ema` and `state_dict` go before others.
/// - Throws: ``ConversionError``, or `SafetensorsError` for a file that looks like safetensors.
public func readForeignWeights(at url: URL, key: String? = nil) throws -> ForeignWeights {
    if isFolder(url) {
        throw ConversionError.unsupported(
            file: url.path, reason: "it is a folder: name the file of weights that lies in it")
    }
    let data: Data
    do {
        data = try Data(contentsOf: url, options: .alwaysMapped)
    } catch {
        throw ConversionError.unreadable(file: url.path, reason: cause(of: error))
    }
    let file = url.path
    let kind = ContentKind(data)
    if kind == .zip {
        let archive = try converting { () throws(ArchiveError) in try ZipArchive(at: url) }
        if let member = archive.members.first(where: { isTorchPickle($0.name) }) {
            return try readTorchZip(archive, pickle: member, file: file, size: data.count, key: key)
        }
        try requireNoKey(key, file: file)
        return try readNumPyArchive(archive, file: file)
    }
    if kind == .pickle, LegacyStream.begins(data) {
        let stream = try LegacyStream(data, file: file)
        return try PickledWeights(
            value: stream.value, reader: TorchTensors(file: file, storages: stream), size: data.count
        ).read(.torchLegacy, key: key)
    }
    if kind == .pickle {
        let pickle = try converting { () throws(ArchiveError) in
            try Pickle(data, named: file, globals: TorchGlobals.all, unknown: .opaque)
        }
        return try PickledWeights(
            value: pickle.value, reader: TorchTensors(file: file, storages: NoStorages(file: file)),
            size: data.count
        ).read(.pickle, key: key)
    }
    guard kind == .numpyArray || kind == .safetensors else { throw otherKind(kind, file: file) }
    try requireNoKey(key, file: file)
    if kind == .numpyArray {
        let array = try converting { () throws(ArchiveError) in try NumPyArray(npy: data, named: file) }
        return ForeignWeights(
            tensors: ["arr_0": try StoredTensor(array, file: file).tensor()], format: .numpyArray)
    }
    let safetensors = try SafetensorsFile(url)
    guard !safetensors.names.isEmpty else { throw ConversionError.noTensors(file: file) }
    return ForeignWeights(tensors: safetensors.all(), format: .safetensors, metadata: safetensors.metadata)
}

private func requireNoKey(_ key: String?, file: String) throws(ConversionError) {
    if let key { throw .noSuchKey(file: file, key: key, keys: []) }
}

/// `NAME/data.pkl`
private func isTorchPickle(_ member: String) -> Bool {
    member.hasSuffix("/data.pkl") && member.split(separator: "/").count == 2
}

private func readTorchZip(
    _ archive: ZipArchive, pickle member: ZipArchive.Member, file: String, size: Int, key: String?
) throws(ConversionError) -> ForeignWeights {
    let folder = String(member.name.dropLast("data.pkl".count))
    guard archive.member(named: "\(folder)constants.pkl") == nil else {
        throw .unsupported(
            file: file, reason: "it is a TorchScript program: save its state_dict with torch.save")
    }
    // torch.save deflates nothing.
    guard archive.members.allSatisfy({ $0.size <= size }) else {
        throw .damaged(file: file, reason: "its members are larger than the file")
    }
    let pickle = try converting { () throws(ArchiveError) in
        try Pickle(
            archive.contents(of: member), named: archive.title(of: member), globals: TorchGlobals.all,
            unknown: .opaque)
    }
    if let order = archive.member(named: "\(folder)byteorder"),
        try converting({ () throws(ArchiveError) in try archive.contents(of: order) }) != Data("little".utf8)
    {
        throw .unsupported(file: file, reason: "it was written by a big-endian machine")
    }
    let storages = ZippedStorages(archive: archive, file: file, folder: folder)
    return try PickledWeights(
        value: pickle.value, reader: TorchTensors(file: file, storages: storages), size: size
    ).read(.torchZip, key: key)
}

private func readNumPyArchive(_ archive: ZipArchive, file: String) throws(ConversionError) -> ForeignWeights {
    var tensors: OrderedDictionary<String, Tensor> = [:]
    for member in archive.members where member.name.hasSuffix(".npy") {
        let title = archive.title(of: member)
        let array = try converting { () throws(ArchiveError) in
            try NumPyArray(npy: archive.contents(of: member), named: title)
        }
        tensors[String(member.name.dropLast(".npy".count))] = try StoredTensor(array, file: title).tensor()
    }
    guard !tensors.isEmpty else { throw .noTensors(file: file) }
    return ForeignWeights(tensors: tensors, format: .numpyArchive)
}

/// What to say of a file that holds no weights in a format that is read.
private func otherKind(_ kind: ContentKind?, file: String) -> ConversionError {
    guard let kind else { return .unknownFormat(file: file) }
    if let substitute = kind.substitute { return .unsupported(file: file, reason: substitute) }
    switch kind {
    case .gzip: return .unsupported(file: file, reason: "it is a gzip file: unpack it with gunzip first")
    case .hdf5, .gguf, .parquet:
        return .unsupported(
            file: file, reason: "it is \(kind.words), which is not read: use weights in safetensors")
    default: return .unknownFormat(file: file)
    }
}
