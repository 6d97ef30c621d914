// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// What layers are called in CompVis's files, which hold a whole model, and in diffusers' folders, one to one. Their tensors (`weight`,
/// `bias`) have the same names in both.
///
/// Source: the modules of CompVis' latent-diffusion (`UNetModel`, `AutoencoderKL`) and of diffusers.
package struct CompVisNames: Sendable {
    private var toDiffusers: [String: String] = [:]
    private var toCompVis: [String: String] = [:]

    /// What the parts' names begin with in a file.
    package static let (unet, autoencoder, textEncoder) = (
        "model.diffusion_model.", "first_stage_model.", "cond_stage_model.transformer."
    )

    /// The name in diffusers of a tensor of CompVis's; nil if there is none.
    package func diffusers(_ name: String) -> String? { Self.renamed(name, toDiffusers) }

    /// The name in CompVis's files of a tensor of diffusers'; nil if there is none.
    package func compVis(_ name: String) -> String? { Self.renamed(name, toCompVis) }

    /// With the name of the innermost layer that is known exchanged.
    private static func renamed(_ name: String, _ names: [String: String]) -> String? {
        var end = name.endIndex
        while let dot = name[..<end].lastIndex(of: ".") {
            if let other = names[String(name[..<dot])] { return other + name[dot...] }
            end = dot
        }
        return nil
    }

    private mutating func add(_ compVis: String, _ diffusers: String) {
        toDiffusers[compVis] = diffusers
        toCompVis[diffusers] = compVis
    }

    private mutating func addUNetResnet(_ compVis: String, _ diffusers: String) {
        for (theirs, own) in [
            ("in_layers.0", "norm1"), ("in_layers.2", "conv1"), ("emb_layers.1", "time_emb_proj"),
            ("out_layers.0", "norm2"), ("out_layers.3", "conv2"), ("skip_connection", "conv_shortcut"),
        ] {
            add("\(compVis).\(theirs)", "\(diffusers).\(own)")
        }
    }

    private mutating func addAutoencoderResnet(_ compVis: String, _ diffusers: String) {
        for name in ["norm1", "conv1", "norm2", "conv2"] { add("\(compVis).\(name)", "\(diffusers).\(name)") }
        add("\(compVis).nin_shortcut", "\(diffusers).conv_shortcut")
    }
}

extension CompVisNames {
    /// Those of a U-Net, without the part's prefix.
    package init(of unet: UNet2DConditionConfiguration) {
        self.init()
        add("time_embed.0", "time_embedding.linear_1")
        add("time_embed.2", "time_embedding.linear_2")
        add("input_blocks.0.0", "conv_in")
        add("out.0", "conv_norm_out")
        add("out.2", "conv_out")
        let (levels, layers) = (unet.blockOutChannels.count, unet.layersPerBlock)
        for level in 0..<levels {
            for layer in 0..<layers {
                let block = "input_blocks.\((layers + 1) * level + layer + 1)"
                addUNetResnet("\(block).0", "down_blocks.\(level).resnets.\(layer)")
                if unet.downAttends[level] {
                    add("\(block).1", "down_blocks.\(level).attentions.\(layer)")
                }
            }
            for layer in 0...layers {
                let block = "output_blocks.\((layers + 1) * level + layer)"
                addUNetResnet("\(block).0", "up_blocks.\(level).resnets.\(layer)")
                if unet.upAttends[level] { add("\(block).1", "up_blocks.\(level).attentions.\(layer)") }
            }
            guard level < levels - 1 else { continue }
            let last = (layers + 1) * (level + 1)
            add("input_blocks.\(last).0.op", "down_blocks.\(level).downsamplers.0.conv")
            add(
                "output_blocks.\(last - 1).\(unet.upAttends[level] ? 2 : 1).conv",
                "up_blocks.\(level).upsamplers.0.conv")
        }
        addUNetResnet("middle_block.0", "mid_block.resnets.0")
        add("middle_block.1", "mid_block.attentions.0")
        addUNetResnet("middle_block.2", "mid_block.resnets.1")
    }

    /// Those of an autoencoder, without the part's prefix. Its decoder's resolutions are counted from the highest in CompVis's files and
    /// from the lowest in diffusers'.
    package init(of autoencoder: AutoencoderKLConfiguration) {
        self.init()
        for name in ["quant_conv", "post_quant_conv"] { add(name, name) }
        for side in ["encoder", "decoder"] {
            for name in ["conv_in", "conv_out"] { add("\(side).\(name)", "\(side).\(name)") }
            add("\(side).norm_out", "\(side).conv_norm_out")
            addAutoencoderResnet("\(side).mid.block_1", "\(side).mid_block.resnets.0")
            addAutoencoderResnet("\(side).mid.block_2", "\(side).mid_block.resnets.1")
            for (theirs, own) in [
                ("norm", "group_norm"), ("q", "to_q"), ("k", "to_k"), ("v", "to_v"), ("proj_out", "to_out.0"),
            ] {
                add("\(side).mid.attn_1.\(theirs)", "\(side).mid_block.attentions.0.\(own)")
            }
        }
        let levels = autoencoder.blockOutChannels.count
        for level in 0..<levels {
            let (down, up) = ("encoder.down.\(level)", "decoder.up.\(levels - 1 - level)")
            for layer in 0..<autoencoder.layersPerBlock {
                addAutoencoderResnet(
                    "\(down).block.\(layer)", "encoder.down_blocks.\(level).resnets.\(layer)")
            }
            for layer in 0...autoencoder.layersPerBlock {
                addAutoencoderResnet("\(up).block.\(layer)", "decoder.up_blocks.\(level).resnets.\(layer)")
            }
            guard level < levels - 1 else { continue }
            add("\(down).downsample.conv", "encoder.down_blocks.\(level).downsamplers.0.conv")
            add("\(up).upsample.conv", "decoder.up_blocks.\(level).upsamplers.0.conv")
        }
    }

    /// Whether a tensor of an autoencoder is one that CompVis stores as a convolution of size 1 and diffusers as a matrix.
    package static func isMatrix(_ name: String) -> Bool {
        name.contains("mid_block.attentions.0.to_") && name.hasSuffix(".weight")
    }
}
