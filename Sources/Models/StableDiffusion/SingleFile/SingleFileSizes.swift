// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Encoders

/// The sizes of the networks in a single file, which has no settings: they show in the tensors' shapes.
struct SingleFileSizes {
    var unet = UNet2DConditionConfiguration.version1
    var autoencoder = AutoencoderKLConfiguration.stableDiffusion
    var textEncoder = CLIPTextConfiguration.vitL14
    /// Whether the text encoder is OpenCLIP's, as in version 2.
    let isVersion2: Bool

    private let file: String
    private let shapes: [String: [Int]]

    /// - Parameters:
    ///   - shapes: those of all tensors, by CompVis's names.
    ///   - file: what errors call it.
    /// - Throws: ``SingleFileError``.
    init(_ shapes: [String: [Int]], file: String) throws(SingleFileError) {
        (self.shapes, self.file) = (shapes, file)
        isVersion2 = shapes["\(OpenCLIPNames.prefix)token_embedding.weight"] != nil
        try readUNet()
        try readAutoencoder()
        try readTextEncoder()
    }

    private func shape(_ name: String, rank: Int) throws(SingleFileError) -> [Int] {
        guard let shape = shapes[name], shape.count == rank, shape.allSatisfy({ $0 > 0 }) else {
            throw .missing(file: file, tensor: name)
        }
        return shape
    }

    /// The channels of numbered layers, as long as there are some.
    private func channels(_ name: (Int) -> String) -> [Int] {
        var found: [Int] = []
        while let shape = shapes[name(found.count)], let count = shape.first { found.append(count) }
        return found
    }

    private mutating func readUNet() throws(SingleFileError) {
        let prefix = CompVisNames.unet
        let first = try shape("\(prefix)input_blocks.0.0.weight", rank: 4)
        guard first[1] == 4 else { throw .otherInput(file: file, channels: first[1]) }
        unet.inChannels = first[1]
        unet.outChannels = try shape("\(prefix)out.2.weight", rank: 4)[0]
        var levels: [(channels: Int, layers: Int, attends: Bool)] = []
        var isNew = true
        for block in 1... {
            let place = "\(prefix)input_blocks.\(block)"
            if shapes["\(place).0.op.weight"] != nil {
                isNew = true
                continue
            }
            guard let count = shapes["\(place).0.in_layers.2.weight"]?.first else { break }
            if isNew { levels.append((count, 0, shapes["\(place).1.norm.weight"] != nil)) }
            levels[levels.count - 1].layers += 1
            isNew = false
        }
        guard let layers = levels.first?.layers, levels.allSatisfy({ $0.layers == layers }) else {
            throw .missing(file: file, tensor: "\(prefix)input_blocks.1.0.in_layers.2.weight")
        }
        unet.blockOutChannels = levels.map(\.channels)
        unet.layersPerBlock = layers
        unet.downAttends = levels.map(\.attends)
        unet.upAttends = levels.indices.map {
            shapes["\(prefix)output_blocks.\((layers + 1) * $0).1.norm.weight"] != nil
        }
        let middle = "\(prefix)middle_block.1"
        unet.crossAttentionDim = try shape(
            "\(middle).transformer_blocks.0.attn2.to_k.weight", rank: 2)[1]
        unet.usesLinearProjection = shapes["\(middle).proj_in.weight"]?.count == 2
        // Version 1 has eight heads, version 2 heads of 64 channels.
        unet.headCounts = unet.blockOutChannels.map { isVersion2 ? max($0 / 64, 1) : 8 }
    }

    private mutating func readAutoencoder() throws(SingleFileError) {
        let prefix = CompVisNames.autoencoder
        autoencoder.imageChannels = try shape("\(prefix)encoder.conv_in.weight", rank: 4)[1]
        autoencoder.latentChannels = try shape("\(prefix)post_quant_conv.weight", rank: 4)[0]
        autoencoder.blockOutChannels = channels { "\(prefix)encoder.down.\($0).block.0.conv1.weight" }
        autoencoder.layersPerBlock = channels { "\(prefix)encoder.down.0.block.\($0).conv1.weight" }.count
        guard autoencoder.layersPerBlock > 0 else {
            throw .missing(file: file, tensor: "\(prefix)encoder.down.0.block.0.conv1.weight")
        }
    }

    private mutating func readTextEncoder() throws(SingleFileError) {
        if isVersion2 { textEncoder = .vitH14 }
        let prefix = isVersion2 ? OpenCLIPNames.prefix : "\(CompVisNames.textEncoder)text_model."
        func name(_ theirs: String, _ own: String) -> String { "\(prefix)\(isVersion2 ? theirs : own)" }
        let tokens = try shape(name("token_embedding.weight", "embeddings.token_embedding.weight"), rank: 2)
        (textEncoder.vocabularySize, textEncoder.hiddenSize) = (tokens[0], tokens[1])
        textEncoder.positions = try shape(
            name("positional_embedding", "embeddings.position_embedding.weight"), rank: 2)[0]
        let blocks = channels {
            name("transformer.resblocks.\($0).mlp.c_fc.weight", "encoder.layers.\($0).mlp.fc1.weight")
        }
        guard let inner = blocks.first else {
            throw .missing(file: file, tensor: name("transformer.resblocks.0", "encoder.layers.0"))
        }
        textEncoder.intermediateSize = inner
        // Version 2 takes what comes before the last block.
        textEncoder.layers = isVersion2 ? max(blocks.count - 1, 1) : blocks.count
        textEncoder.heads = max(textEncoder.hiddenSize / 64, 1)
    }
}
