# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The swift-dmd authors
"""The DDPM++ U-Net under EDM preconditioning, in plain PyTorch.

Architecture: Song et al. 2021 (arXiv 2011.13456), as configured by Karras et al. 2022 (arXiv 2206.00364, "EDM").
Parameter names and shapes are those of the published EDM checkpoints, so their state dictionaries load here.
Every function keeps the dtype of the parameters: `net.double()` computes in float64 throughout.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


def box_kernel(taps):
    """The separable resampling filter as a [1, 1, k, k] kernel of unit sum."""
    taps = torch.tensor(taps, dtype=torch.float32)
    kernel = torch.outer(taps, taps)
    return (kernel / kernel.sum())[None, None]


def upsample(x, kernel):
    weight = (4 * kernel).expand(x.shape[1], -1, -1, -1)
    return F.conv_transpose2d(x, weight, stride=2, padding=(kernel.shape[-1] - 1) // 2, groups=x.shape[1])


def downsample(x, kernel):
    weight = kernel.expand(x.shape[1], -1, -1, -1)
    return F.conv2d(x, weight, stride=2, padding=(kernel.shape[-1] - 1) // 2, groups=x.shape[1])


RESAMPLERS = {"up": upsample, "down": downsample}


class Linear(nn.Linear):
    """A linear layer with Xavier-uniform weight and zero bias."""

    def reset_parameters(self):
        nn.init.xavier_uniform_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)


class Conv2d(nn.Conv2d):
    """A same-size convolution, of the input resampled by two where `resample` says "up" or "down"."""

    def __init__(self, inputs, outputs, kernel, resample=None, taps=(1, 1), gain=1.0):
        self.gain = gain
        super().__init__(inputs, outputs, kernel, padding=kernel // 2)
        self.resample = resample
        if resample:
            self.register_buffer("resample_filter", box_kernel(taps))

    def reset_parameters(self):
        nn.init.xavier_uniform_(self.weight, self.gain)
        nn.init.zeros_(self.bias)

    def forward(self, x):
        if self.resample:
            x = RESAMPLERS[self.resample](x, self.resample_filter)
        return super().forward(x)


class Resample(nn.Module):
    """A shortcut that resamples and has no weights."""

    def __init__(self, resample, taps):
        super().__init__()
        self.resample = resample
        self.register_buffer("resample_filter", box_kernel(taps))

    def forward(self, x):
        return RESAMPLERS[self.resample](x, self.resample_filter)


def group_norm(channels, eps):
    return nn.GroupNorm(min(32, channels // 4), channels, eps=eps)


def attention(qkv, heads):
    """Self-attention over pixels. Channel h * 3d + 3c + j of `qkv` is component c of q, k or v (j) of head h."""
    n, channels, height, width = qkv.shape
    depth = channels // (3 * heads)
    q, k, v = qkv.reshape(n * heads, depth, 3, height * width).unbind(2)
    weights = torch.softmax(q.transpose(1, 2) @ (k / math.sqrt(depth)), dim=-1)
    return (v @ weights.transpose(1, 2)).reshape(n, channels // 3, height, width)


class UNetBlock(nn.Module):
    """Residual block, conditioned by an added embedding, with optional resampling and self-attention."""

    def __init__(self, inputs, outputs, embedding, resample=None, heads=0, dropout=0.0, skip_scale=math.sqrt(0.5),
                 eps=1e-6, resample_proj=True, taps=(1, 1)):
        super().__init__()
        self.heads, self.dropout, self.skip_scale = heads, dropout, skip_scale
        self.norm0 = group_norm(inputs, eps)
        self.conv0 = Conv2d(inputs, outputs, 3, resample, taps)
        self.affine = Linear(embedding, outputs)
        self.norm1 = group_norm(outputs, eps)
        self.conv1 = Conv2d(outputs, outputs, 3, gain=1e-5)
        self.skip = nn.Identity()
        if inputs != outputs or (resample and resample_proj):
            self.skip = Conv2d(inputs, outputs, 1, resample, taps)
        elif resample:
            self.skip = Resample(resample, taps)
        if heads:
            self.norm2 = group_norm(outputs, eps)
            self.qkv = Conv2d(outputs, 3 * outputs, 1, gain=math.sqrt(0.2))
            self.proj = Conv2d(outputs, outputs, 1, gain=1e-5)

    def forward(self, x, embedding):
        h = self.conv0(F.silu(self.norm0(x)))
        h = F.silu(self.norm1(h + self.affine(embedding)[:, :, None, None]))
        h = self.conv1(F.dropout(h, self.dropout, self.training))
        x = (h + self.skip(x)) * self.skip_scale
        if self.heads:
            x = (self.proj(attention(self.qkv(self.norm2(x)), self.heads)) + x) * self.skip_scale
        return x


def positional_embedding(position, channels):
    """[sin, cos] of `position` at channels / 2 frequencies from 1 down to 1e-4, both ends included."""
    ramp = torch.arange(channels // 2, dtype=torch.float32, device=position.device) / (channels // 2 - 1)
    angles = torch.outer(position, (1e-4 ** ramp).to(position.dtype))
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class DDPMpp(nn.Module):
    """The raw network F(x, noise level, labels)."""

    def __init__(self, img_resolution, in_channels, out_channels, label_dim=0, augment_dim=0, model_channels=128,
                 channel_mult=(1, 2, 2, 2), channel_mult_emb=4, num_blocks=4, attn_resolutions=(16,), dropout=0.0,
                 resample_filter=(1, 1), skip_scale=math.sqrt(0.5), eps=1e-6, resample_proj=True, num_heads=1):
        super().__init__()
        embedding = model_channels * channel_mult_emb
        self.label_dim, self.noise_channels = label_dim, model_channels
        if label_dim:
            self.map_label = Linear(label_dim, model_channels)
        if augment_dim:
            self.map_augment = Linear(augment_dim, model_channels, bias=False)
        self.map_layer0 = Linear(model_channels, embedding)
        self.map_layer1 = Linear(embedding, embedding)

        def block(inputs, outputs, resample=None, attend=False):
            return UNetBlock(inputs, outputs, embedding, resample, num_heads if attend else 0, dropout, skip_scale,
                             eps, resample_proj, resample_filter)

        widths = [model_channels * mult for mult in channel_mult]
        sizes = [img_resolution >> level for level in range(len(widths))]

        self.enc = nn.ModuleDict()
        skips = []

        def encode(name, module, outputs):
            self.enc[name] = module
            skips.append(outputs)

        current = model_channels
        for level, (size, width) in enumerate(zip(sizes, widths)):
            if level == 0:
                encode(f"{size}x{size}_conv", Conv2d(in_channels, current, 3), current)
            else:
                encode(f"{size}x{size}_down", block(current, current, "down"), current)
            for index in range(num_blocks):
                encode(f"{size}x{size}_block{index}", block(current, width, attend=size in attn_resolutions), width)
                current = width

        self.dec = nn.ModuleDict()
        for level, (size, width) in reversed(list(enumerate(zip(sizes, widths)))):
            if level == len(widths) - 1:
                self.dec[f"{size}x{size}_in0"] = block(current, current, attend=True)
                self.dec[f"{size}x{size}_in1"] = block(current, current)
            else:
                self.dec[f"{size}x{size}_up"] = block(current, current, "up")
            for index in range(num_blocks + 1):
                attend = index == num_blocks and size in attn_resolutions
                self.dec[f"{size}x{size}_block{index}"] = block(current + skips.pop(), width, attend=attend)
                current = width
        self.dec[f"{img_resolution}x{img_resolution}_aux_norm"] = group_norm(current, eps)
        self.dec[f"{img_resolution}x{img_resolution}_aux_conv"] = Conv2d(current, out_channels, 3, gain=1e-5)

    def embed(self, noise, labels, augment):
        embedding = positional_embedding(noise, self.noise_channels)
        if self.label_dim:
            embedding = embedding + self.map_label(labels * math.sqrt(self.label_dim))
        if augment is not None:
            embedding = embedding + self.map_augment(augment)
        return F.silu(self.map_layer1(F.silu(self.map_layer0(embedding))))

    def forward(self, x, noise, labels=None, augment=None):
        embedding = self.embed(noise, labels, augment)
        skips = []
        for module in self.enc.values():
            x = module(x, embedding) if isinstance(module, UNetBlock) else module(x)
            skips.append(x)
        for name, module in self.dec.items():
            if "_block" in name:
                x = torch.cat([x, skips.pop()], dim=1)
            if name.endswith("aux_norm"):
                x = F.silu(module(x))
            else:
                x = module(x, embedding) if isinstance(module, UNetBlock) else module(x)
        return x


class EDMDenoiser(nn.Module):
    """D(x; sigma) = c_skip x + c_out F(c_in x, ln(sigma) / 4): EDM, table 1."""

    def __init__(self, sigma_data=0.5, **network):
        super().__init__()
        self.sigma_data = sigma_data
        self.model = DDPMpp(**network)

    def forward(self, x, sigma, labels=None, augment=None):
        sigma = sigma.to(x.dtype).expand(x.shape[0])
        if labels is None and self.model.label_dim:
            labels = x.new_zeros(x.shape[0], self.model.label_dim)
        s = sigma[:, None, None, None]
        total = s.square() + self.sigma_data ** 2
        residual = self.model(x / total.sqrt(), sigma.log() / 4, labels, augment)
        return self.sigma_data ** 2 / total * x + s * self.sigma_data / total.sqrt() * residual
