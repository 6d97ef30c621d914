#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The swift-dmd authors
"""Writes a one-step generator with the sizes of Stable Diffusion 1.5 and random weights: 4.3 GB as diffusers lays it out, and
contract.json.

Needs torch, diffusers and transformers. The tokenizer knows single bytes alone; a prompt is filled up to 77 tokens all the
same, so that the work is that of any prompt.
"""

import argparse
import hashlib
import json
import pathlib

import torch
from diffusers import AutoencoderKL, LCMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    torch.manual_seed(0)
    symbols = list(bytes_to_unicode().values())
    tokens = symbols + [symbol + "</w>" for symbol in symbols] + ["<|startoftext|>", "<|endoftext|>"]
    widths = [128, 256, 512, 512]
    pipeline = StableDiffusionPipeline(
        tokenizer=CLIPTokenizer(vocab={token: i for i, token in enumerate(tokens)}, merges=[], model_max_length=77),
        text_encoder=CLIPTextModel(CLIPTextConfig(
            vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12)),
        unet=UNet2DConditionModel(sample_size=64, cross_attention_dim=768),
        vae=AutoencoderKL(
            block_out_channels=widths, layers_per_block=2, sample_size=512,
            down_block_types=["DownEncoderBlock2D"] * len(widths), up_block_types=["UpDecoderBlock2D"] * len(widths)),
        scheduler=LCMScheduler(original_inference_steps=1, steps_offset=1),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    pipeline.save_pretrained(folder)
    files = sorted(folder.glob("*/*.safetensors"))
    contract = {
        "noiseScale": 1, "timestep": 999, "alpha": pipeline.scheduler.alphas_cumprod[999].sqrt().item(),
        "prediction": "epsilon", "guidance": 3, "latentShape": [4, 64, 64], "scalingFactor": 0.18215,
        "outputRange": [-1, 1],
        "weights": {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files},
    }
    (folder / "contract.json").write_text(json.dumps(contract, indent=2))


if __name__ == "__main__":
    main()
