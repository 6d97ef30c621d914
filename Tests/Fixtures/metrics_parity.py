#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The swift-dmd authors
"""Makes metrics.safetensors, what torch-fidelity and pytorch-fid measure, and the files of references/ and the programs of
weights/ beside it. README.md lists what each holds.

Inception's published weights cannot lie here, and random ones are as large. So both sides make the same weights, images
and features from a formula in whole numbers, `uniform` below, and this file keeps only what the packages make of them.

Needs torch 2.13, numpy 2, safetensors, torch-fidelity 0.4.0 and pytorch-fid 0.3.0, and what they import (torchvision,
scipy, pillow, tqdm, requests).
"""

import argparse
import json
import pathlib
import pickle

import numpy
import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
MASK = 2**64 - 1


def mixed(z):
    """An output of SplitMix64 for each state, modulo 2^64."""
    z = z + numpy.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return z ^ (z >> numpy.uint64(31))


def uniform(name, count):
    """Numbers in [-1, 1), exact in float64: number i is of mixed(FNV-1a of the name + i)."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = (state ^ byte) * 0x100000001B3 & MASK
    with numpy.errstate(over="ignore"):
        bits = mixed(numpy.arange(count, dtype=numpy.uint64) + numpy.uint64(state))
    return (bits >> numpy.uint64(11)).astype(numpy.float64) * 2.0**-52 - 1


def inception_weights():
    """A state dict whose layers keep the size of what goes through them. Values are float64 rounded to float32."""
    weights = {}
    for line in (HERE / "keys" / "inception.txt").read_text().splitlines():
        name, sizes = line.split("\t")
        shape = json.loads(sizes)
        if name.endswith("num_batches_tracked"):
            weights[name] = torch.tensor(0)
            continue
        values = uniform(name, int(numpy.prod(shape)))
        if name.endswith("conv.weight"):
            values *= (6.0 / (shape[1] * shape[2] * shape[3])) ** 0.5
        elif name == "fc.weight":
            values *= 0.1
        elif name.endswith("bn.weight"):
            values = 1 + 0.25 * values
        elif name.endswith("running_var"):
            values = 1 + 0.5 * values
        else:
            values *= 0.2
        weights[name] = torch.from_numpy(values.astype(numpy.float32)).reshape(shape)
    return weights


def levels(name, count, height, width):
    """Images [N, 3, H, W] of uint8: noise over a ramp, different in each image and channel."""
    noise = uniform(name, count * 3 * height * width).reshape(count, 3, height, width)
    contrast = numpy.arange(1, count + 1).reshape(-1, 1, 1, 1) / count
    ramp = numpy.arange(width) / width
    return torch.from_numpy(numpy.floor(64 + 96 * ramp + 64 * contrast * noise).astype(numpy.uint8))


def vectors(name, count, size, shift=0.0):
    """Features [N, D], like Inception's never below zero."""
    values = uniform(name, count * size).reshape(count, size)
    scale = 0.2 + numpy.arange(size) / size
    return torch.from_numpy((numpy.maximum(values + shift, 0) * scale).astype(numpy.float32))


def fidelity_network(path, dtype):
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    return FeatureExtractorInceptionV3(
        "parity", ["2048", "logits_unbiased"], feature_extractor_weights_path=path, feature_extractor_internal_dtype=dtype)


def pytorch_fid_network(weights):
    from pytorch_fid import inception

    inception.load_state_dict_from_url = lambda *_, **__: weights
    return inception.InceptionV3([3]).eval()


def networks():
    """Features and logits of both packages, with the images as they get them."""
    weights = inception_weights()
    path = HERE / "inception-weights.part"
    torch.save(weights, path)
    tensors = {}
    try:
        for size, (height, width) in {"square": (32, 32), "large": (40, 310)}.items():
            images = levels(size, 4, height, width)
            for dtype in ("float32", "float64"):
                network = fidelity_network(path, dtype)
                features, logits = network(images)
                tensors[f"fidelity.{size}.{dtype}.features"] = features
                tensors[f"fidelity.{size}.{dtype}.logits"] = logits
            network = pytorch_fid_network(weights)
            for dtype in (torch.float32, torch.float64):
                with torch.no_grad():
                    features = network.to(dtype)(images.to(dtype) / 255)[0]
                name = str(dtype).removeprefix("torch.")
                tensors[f"pytorch-fid.{size}.{name}.features"] = features[:, :, 0, 0].float()
    finally:
        path.unlink()
    # Half of the features tell all that the test needs.
    return {name: value[:, ::2].contiguous() for name, value in tensors.items()}


def scores():
    """Scores of vectors. KID's subsets are those that torch-fidelity's seed names."""
    from pytorch_fid.fid_score import calculate_frechet_distance
    from torch_fidelity import metric_fid, metric_isc, metric_kid, metric_prc

    a, b = vectors("a", 400, 48), vectors("b", 300, 48, shift=0.1)
    tensors, settings = {}, {}
    statistics = [metric_fid.fid_features_to_statistics(x.double()) for x in (a, b)]
    settings["fid.torch-fidelity"] = metric_fid.fid_statistics_to_metric(*statistics, False)[metric_fid.KEY_METRIC_FID]
    settings["fid.pytorch-fid"] = calculate_frechet_distance(
        *[s[key] for s in statistics for key in ("mu", "sigma")])
    few = [metric_fid.fid_features_to_statistics(x[:20].double()) for x in (a, b)]
    settings["fid.few"] = metric_fid.fid_statistics_to_metric(*few, False)[metric_fid.KEY_METRIC_FID]

    size, count = 100, 10
    for dtype, x, y in (("float32", a, b), ("float64", a.double(), b.double())):
        found = metric_kid.kid_features_to_metric(
            x, y, kid_subsets=count, kid_subset_size=size, rng_seed=2020, verbose=False)
        settings[f"kid.mean.{dtype}"] = found[metric_kid.KEY_METRIC_KID_MEAN]
        settings[f"kid.std.{dtype}"] = found[metric_kid.KEY_METRIC_KID_STD]
    draw = numpy.random.RandomState(2020)
    for subset in range(count):
        for name, features in (("a", a), ("b", b)):
            chosen = draw.choice(len(features), size, replace=False)
            tensors[f"subset.{subset}.{name}"] = torch.from_numpy(chosen.astype(numpy.int16))

    logits = torch.from_numpy(3 * uniform("logits", 403 * 20).reshape(403, 20)).float()
    found = metric_isc.isc_features_to_metric(logits, 10, shuffle=False)
    settings["isc.mean"] = found[metric_isc.KEY_METRIC_ISC_MEAN]
    settings["isc.std"] = found[metric_isc.KEY_METRIC_ISC_STD]

    for name, (x, y) in {"far": (a, b), "near": (a[:, :3], b[:, :3])}.items():
        found = metric_prc.prc_features_to_metric(
            x.contiguous(), y.contiguous(), prc_neighborhood=3, prc_batch_size=128, save_cpu_ram=True, verbose=False)
        settings[f"precision.{name}"] = found[metric_prc.KEY_METRIC_PRECISION]
        settings[f"recall.{name}"] = found[metric_prc.KEY_METRIC_RECALL]
    return tensors, settings


def detector():
    """A TorchScript program that takes what NVIDIA's detectors take."""

    class Detector(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("weight", torch.arange(15, dtype=torch.float32).reshape(5, 3) / 16)

        def forward(self, img, return_features: bool = False):
            assert img.dtype == torch.uint8
            means = img.float().mean(dim=[2, 3])
            return means @ self.weight.t() if return_features else means

    class Pair(torch.nn.Module):
        def forward(self, img, return_features: bool = False):
            return img, img

    torch.jit.script(Detector()).save(str(HERE / "weights" / "detector.pt"))
    torch.jit.script(Pair()).save(str(HERE / "weights" / "pair.pt"))


def references():
    """Reference statistics as other programs save them, of three features."""
    mu = numpy.array([1.0, -2.0, 0.5])
    sigma = numpy.array([[2.0, 0.5, 0.0], [0.5, 1.0, -0.25], [0.0, -0.25, 3.0]])
    folder = HERE / "references"
    folder.mkdir(exist_ok=True)
    numpy.savez(folder / "edm.npz", mu=mu, sigma=sigma)
    numpy.savez_compressed(folder / "pytorch-fid.npz", mu=mu, sigma=sigma)
    numpy.savez(folder / "guided-diffusion.npz", arr_0=numpy.zeros((2, 4, 4, 3), numpy.uint8), mu=mu, sigma=sigma,
                mu_s=mu[:2], sigma_s=sigma[:2, :2])
    numpy.savez(folder / "single.npz", mu=mu.astype(numpy.float32), sigma=numpy.asfortranarray(sigma))
    # torch-fidelity's cache, and EDM2's, which holds several distributions.
    torch.save({"mu": mu, "sigma": sigma}, folder / "torch-fidelity.pt")
    other = {"mu": mu[:2], "sigma": sigma[:2, :2]}
    with open(folder / "edm2.pkl", "wb") as file:
        pickle.dump({"fd_dinov2": other, "fid": {"mu": mu, "sigma": sigma}}, file)
    bad = {"no-sigma": dict(mu=mu), "not-square": dict(mu=mu, sigma=sigma[:2]), "asymmetric": dict(mu=mu, sigma=sigma + [0, 1, 0]),
           "nan": dict(mu=mu * numpy.nan, sigma=sigma), "integers": dict(mu=mu.astype(int), sigma=sigma)}
    for name, arrays in bad.items():
        numpy.savez(folder / f"{name}.npz", **arrays)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    torch.set_num_threads(2)
    tensors, settings = scores()
    tensors.update(networks())
    from importlib.metadata import version

    made = {"torch": torch.__version__.split("+")[0], "command": "Tests/Fixtures/metrics_parity.py",
            **{name: version(name) for name in ("torch-fidelity", "pytorch-fid")}}
    metadata = {"made": json.dumps(made), "scores": json.dumps(settings)}
    save_file({name: value.contiguous().clone() for name, value in tensors.items()}, HERE / "metrics.safetensors", metadata)
    detector()
    references()
    print((HERE / "metrics.safetensors").stat().st_size, json.dumps(settings, indent=1))
    for name, value in sorted(tensors.items()):
        if value.is_floating_point():
            print(name, tuple(value.shape), f"mean {value.mean():.4f} std {value.std():.4f} max {value.abs().max():.4f}")


if __name__ == "__main__":
    main()
