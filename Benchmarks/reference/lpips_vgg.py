# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The swift-dmd authors
"""LPIPS on VGG16 (Zhang et al. 2018, arXiv 1801.03924, version 0.1), with random weights: for timing only."""

import torch
from torch import nn
from torch.nn import functional as F

# The five taps of LPIPS end these stages; a 2x2 max pooling stands between them.
STAGES = ((3, 64, 64), (64, 128, 128), (128, 256, 256, 256), (256, 512, 512, 512), (512, 512, 512, 512))


class LPIPS(nn.Module):
    """The distance of image batches [N, 1 or 3, H, W] in [-1, 1], one value an image."""

    def __init__(self, size=None):
        super().__init__()
        self.size = size
        self.register_buffer("shift", torch.tensor([-0.030, -0.088, -0.188])[:, None, None])
        self.register_buffer("scale", torch.tensor([0.458, 0.448, 0.450])[:, None, None])
        self.stages = nn.ModuleList()
        for widths in STAGES:
            layers = [] if widths[0] == 3 else [nn.MaxPool2d(2)]
            for inputs, outputs in zip(widths, widths[1:]):
                layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(inplace=True)]
            self.stages.append(nn.Sequential(*layers))
        self.heads = nn.ModuleList(nn.Conv2d(widths[-1], 1, 1, bias=False) for widths in STAGES)
        self.requires_grad_(False)

    def features(self, x):
        if self.size:
            x = F.interpolate(x, size=(self.size, self.size), mode="bilinear")
        x = (x.expand(-1, 3, -1, -1) - self.shift) / self.scale
        taps = []
        for stage in self.stages:
            x = stage(x)
            taps.append(x / (x.square().sum(dim=1, keepdim=True).sqrt() + 1e-10))
        return taps

    def forward(self, a, b):
        pairs = zip(self.features(a), self.features(b), self.heads)
        return sum(head((fa - fb).square()).mean(dim=(1, 2, 3)) for fa, fb, head in pairs)
