# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The swift-dmd authors
"""What EDM's own networks, scalings and samplers give on tiny random weights.

Runs a checkout of github.com/NVlabs/edm (commit 008a4e5), of which nothing is kept but numbers. Its classes work in
float32. For the results in float64 its raw networks run under the formulas of table 1 of arXiv 2206.00364, with
attention in float64, and with the frequencies of the noise level's features rounded to float32 once: those of float32's
own power differ between processors.
"""

import json
import sys
import types

import torch
from torch.nn import functional as F

CASES = {
    "ddpmpp-labels": dict(arch="ddpmpp", resolution=6, labels=4, attention=[6]),
    "ddpmpp-plain": dict(arch="ddpmpp", resolution=8, augment=9),
    "ncsnpp-labels": dict(arch="ncsnpp", resolution=6, labels=4, attention=[6]),
    "ncsnpp-plain": dict(arch="ncsnpp", resolution=8, augment=9),
    "adm-labels": dict(arch="adm", resolution=6, labels=4, attention=[6]),
    "adm-plain": dict(arch="adm", resolution=8),
    "vp": dict(arch="ddpmpp", resolution=4, scalings="VPPrecond"),
    "ve": dict(arch="ncsnpp", resolution=4, scalings="VEPrecond"),
    "iddpm": dict(arch="adm", resolution=4, scalings="iDDPMPrecond"),
}

ARCHITECTURES = {
    "ddpmpp": dict(model_type="SongUNet", embedding_type="positional", encoder_type="standard", channel_mult_noise=1,
                   resample_filter=[1, 1], model_channels=4),
    "ncsnpp": dict(model_type="SongUNet", embedding_type="fourier", encoder_type="residual", channel_mult_noise=2,
                   resample_filter=[1, 3, 3, 1], model_channels=4),
    "adm": dict(model_type="DhariwalUNet", model_channels=4),
}

CHANNELS_PER_HEAD = 4


def load(folder):
    """EDM's module of networks, with heads narrow enough for tiny networks."""
    sys.path.insert(0, str(folder))
    from training import networks

    class UNetBlock(networks.UNetBlock):
        def __init__(self, **settings):
            super().__init__(**{**settings, "channels_per_head": CHANNELS_PER_HEAD})

    networks.UNetBlock = UNetBlock
    return networks


def make(networks, draw, name):
    """A case's network; its weights depend on nothing but the case."""
    case, draw = CASES[name], type(draw)(list(CASES).index(name))
    size = case["resolution"]
    scalings = getattr(networks, case.get("scalings", "EDMPrecond"))
    net = scalings(img_resolution=size, img_channels=1, label_dim=case.get("labels", 0),
                   augment_dim=case.get("augment", 0), channel_mult=[1, 2], num_blocks=1, channel_mult_emb=1,
                   attn_resolutions=case.get("attention", []), dropout=0, **ARCHITECTURES[case["arch"]])
    draw.weights(net)
    for name, buffer in net.named_buffers():
        if name.endswith("freqs"):
            buffer.copy_(draw.normal(*buffer.shape).float())
    return net.eval()


def exact_embedding(module):
    """The features of a noise level with frequencies that are rounded once."""
    count = module.num_channels // 2
    ramp = torch.arange(count, dtype=torch.float64) / (count - (1 if module.endpoint else 0))
    frequencies = (1e-4 ** ramp).float()

    def forward(x):
        angles = torch.outer(x, frequencies.to(x.dtype))
        return torch.cat([angles.cos(), angles.sin()], dim=1)

    return forward


def denoise64(networks, net, x, sigma, labels):
    """D(x; sigma) in float64."""
    def attend(q, k):
        return torch.einsum("ncq,nck->nqk", q, k / k.shape[1] ** 0.5).softmax(dim=2)

    attention = networks.AttentionOp
    networks.AttentionOp = types.SimpleNamespace(apply=attend)
    if hasattr(net.model.map_noise, "endpoint"):
        net.model.map_noise.forward = exact_embedding(net.model.map_noise)
    s = sigma.reshape(-1, 1, 1, 1)
    kind = type(net).__name__
    if kind == "EDMPrecond":
        skip, out = 0.25 / (s ** 2 + 0.25), s * 0.5 / (s ** 2 + 0.25).sqrt()
        into, noise = 1 / (s ** 2 + 0.25).sqrt(), sigma.log() / 4
    else:
        skip, out = torch.ones_like(s), (s if kind == "VEPrecond" else -s)
        into = torch.ones_like(s) if kind == "VEPrecond" else 1 / (s ** 2 + 1).sqrt()
        noise = {"VPPrecond": lambda: 999 * ((0.01 + 2 * 19.9 * (1 + sigma ** 2).log()).sqrt() - 0.1) / 19.9,
                 "VEPrecond": lambda: (sigma / 2).log(),
                 "iDDPMPrecond": lambda: 999 - (sigma[:, None] - net.u[None]).abs().argmin(1).double()}[kind]()
    result = skip * x + out * net.model(into * x, noise, class_labels=labels)[:, :1]
    networks.AttentionOp = attention
    return result


def evaluations(draw, folder):
    """For each case the weights, and D(x; sigma) with the gradients of sum(v y)."""
    networks = load(folder)
    tensors = {}
    for name, case in CASES.items():
        net = make(networks, draw, name)
        size, classes = case["resolution"], case.get("labels", 0)
        sigma = torch.tensor([0.05, 0.5, 40.0], dtype=torch.float64)
        x = (sigma.reshape(-1, 1, 1, 1) * draw.normal(3, 1, size, size)).float().double()
        v = draw.normal(3, 1, size, size)
        labels = draw.onehot(3, classes) if classes else None
        found = {f"state.{key}": value.float() for key, value in net.state_dict().items()}
        found.update(x=x.float(), sigma=sigma, v=v.float(), **({"labels": labels.float()} if classes else {}))
        y = net.float()(x.float(), sigma.float(), labels)
        found["float32.y"] = y
        net.double()
        xin = x.clone().requires_grad_()
        y = denoise64(networks, net, xin, sigma, labels)
        (v * y).sum().backward()
        found.update({"float64.y": y, "float64.gradient.x": xin.grad})
        if case.get("scalings") is None:
            found.update({f"float64.gradient.{key}": p.grad for key, p in net.named_parameters()
                          if p.grad is not None})
        tensors.update({f"{name}.{key}": value for key, value in found.items()})
    return tensors, dict(cases=json.dumps(CASES), channels_per_head=CHANNELS_PER_HEAD)


def trajectories(draw, folder):
    """EDM's samplers on the networks of `evaluations`; state in float64, network in float32."""
    networks = load(folder)
    from generate import ablation_sampler, edm_sampler

    tensors = {}
    for name, case in CASES.items():
        net = make(networks, draw, name).float()
        size, classes = case["resolution"], case.get("labels", 0)
        z = draw.normal(2, 1, size, size).float()
        labels = draw.onehot(2, classes).float() if classes else None
        fresh = draw.normal(6, 2, 1, size, size).float()
        noise = iter(fresh.double())
        found = dict(z=z, fresh=fresh, **({"labels": labels} if classes else {}))
        with torch.no_grad():
            found["heun"] = edm_sampler(net, z, labels, num_steps=6)
            found["stochastic"] = edm_sampler(net, z, labels, num_steps=6, S_churn=2, S_min=0.05, S_max=50,
                                              S_noise=1.003, randn_like=lambda _: next(noise))
            found["euler"] = ablation_sampler(net, z, labels, num_steps=6, solver="euler", discretization="edm",
                                              schedule="linear", scaling="none")
        tensors.update({f"{name}.{key}": value for key, value in found.items()})
    return tensors, dict(cases=json.dumps(CASES), steps=6, S_churn=2, S_min=0.05, S_max=50, S_noise=1.003)
