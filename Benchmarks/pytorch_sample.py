#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The swift-dmd authors
"""What `dmd sample --prompt` does, with diffusers: one image of a one-step generator, from the files to the picture."""

import argparse

import torch
from diffusers import StableDiffusionPipeline


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--prompt", required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    pipeline = StableDiffusionPipeline.from_pretrained(arguments.weights, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(arguments.seed)
    image = pipeline(arguments.prompt, num_inference_steps=1, guidance_scale=0, generator=generator).images[0]
    image.save(arguments.out)


if __name__ == "__main__":
    main()
