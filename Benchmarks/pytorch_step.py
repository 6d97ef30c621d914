#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The swift-dmd authors
"""Times one step of Distribution Matching Distillation, and its parts, in plain PyTorch, and sampling in other engines.

Prints one JSON object; README.md describes it. Each item runs in a process of its own, so that its peak memory is its
own too. All weights and images are random: only shapes matter here.
"""

import argparse
import copy
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "reference"))

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

import dmd
from ddpmpp import EDMDenoiser
from engines import ENGINES, versions
from lpips_vgg import LPIPS

FASHION = dict(img_resolution=28, in_channels=1, out_channels=1, label_dim=10, channel_mult=(1, 2, 2), num_blocks=1,
               attn_resolutions=(7,))
CIFAR10 = dict(img_resolution=32, in_channels=3, out_channels=3, label_dim=10, augment_dim=9, channel_mult=(2, 2, 2),
               num_blocks=4, attn_resolutions=(16,))
CONFIGS = {
    "tiny-fashion": dict(FASHION, model_channels=16),
    "fashion-mnist": dict(FASHION, model_channels=32),
    "cifar10-half": dict(CIFAR10, model_channels=64),
    "cifar10": dict(CIFAR10, model_channels=128),
    "cifar10-ncsnpp": dict(CIFAR10, model_channels=128, embedding_type="fourier", encoder_type="residual",
                           channel_mult_noise=2, resample_filter=[1, 3, 3, 1]),
    "imagenet64": dict(img_resolution=64, in_channels=3, out_channels=3, label_dim=1000, model_channels=192,
                       channel_mult=(1, 2, 3, 4), num_blocks=3, attn_resolutions=(32, 16, 8),
                       model_type="DhariwalUNet"),
    "sd15": dict(model_channels=320),
    "sd15-half": dict(model_channels=160),
}


def make_model(name, config, edm):
    if name.startswith("sd15"):
        from latent_dmd import LatentModel

        return LatentModel(config["model_channels"])
    shape = (config["in_channels"], config["img_resolution"], config["img_resolution"])
    return dmd.PixelModel(make_network(config, edm), shape, config["label_dim"])


def make_network(config, edm):
    """The denoiser: of reference/, or of a checkout of NVlabs/edm."""
    if not edm:
        return EDMDenoiser(**config)
    sys.path.insert(0, edm)
    from training.networks import EDMPrecond

    settings = {key: value for key, value in config.items() if key not in ("in_channels", "out_channels")}
    return EDMPrecond(img_channels=config["in_channels"], dropout=0, **{"model_type": "SongUNet", **settings})


class Distillation:
    """Teacher, generator and critic with everything that one step needs."""

    def __init__(self, network, arguments):
        self.batch, self.pairs, self.critic_steps = arguments.batch, arguments.pairs, arguments.critic_steps
        self.model = make_model(arguments.config, network, arguments.edm)
        self.teacher = self.model.network.requires_grad_(False)
        self.lpips_size = arguments.lpips_size
        self.engine = ENGINES[arguments.engine]

    def prepare_training(self):
        self.generator = copy.deepcopy(self.teacher).requires_grad_(True)
        self.critic = copy.deepcopy(self.teacher).requires_grad_(True)
        for network in (self.teacher, self.generator, self.critic):
            self.engine.prepare(network)
        self.generator_optimizer = torch.optim.AdamW(self.generator.parameters(), lr=5e-5, weight_decay=0.01)
        self.critic_optimizer = torch.optim.AdamW(self.critic.parameters(), lr=5e-5, weight_decay=0.01)

    def prepare_step(self):
        self.prepare_training()
        self.average = copy.deepcopy(self.generator).requires_grad_(False)
        lpips = LPIPS(self.lpips_size)
        self.engine.prepare(lpips)
        self.distance = self.model.decoded_distance(lpips)
        self.pair_noise = self.noise(self.pairs)
        self.pair_conditions = self.model.conditions(self.pairs)
        self.pair_images = self.noise(self.pairs).clamp(-1, 1)

    def noise(self, count):
        return torch.randn(count, *self.model.shape)

    def generator_loss(self, x, condition):
        level = self.model.levels(20, 980, self.batch)
        gradient = self.model.matching_gradient(self.teacher, self.critic, x.detach(), condition, level,
                                                self.noise(self.batch))
        pair_x = self.model.generate(self.generator, self.pair_noise, self.pair_conditions)
        regression = self.distance(pair_x, self.pair_images).mean()
        return dmd.matching_loss(x, gradient) + 0.25 * regression

    def update(self, network, optimizer, loss):
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 10.0)
        optimizer.step()

    def update_critic(self, x, condition):
        level = self.model.levels(0, 1000, self.batch)
        loss = self.model.critic_loss(self.critic, x, condition, level, self.noise(self.batch))
        self.update(self.critic, self.critic_optimizer, loss)

    def generated(self):
        condition = self.model.conditions(self.batch)
        return self.model.generate(self.generator, self.noise(self.batch), condition), condition

    def step(self):
        x, condition = self.generated()
        self.update(self.generator, self.generator_optimizer, self.generator_loss(x, condition))
        with torch.no_grad():
            for average, parameter in zip(self.average.parameters(), self.generator.parameters()):
                average.lerp_(parameter, 1e-3)
        self.update_critic(x.detach(), condition)
        for _ in range(self.critic_steps - 1):
            with torch.no_grad():
                x, condition = self.generated()
            self.update_critic(x, condition)


def dmd_step(task):
    task.prepare_step()
    return task.step


def generator_update(task):
    task.prepare_training()
    z, condition, v = task.noise(task.batch), task.model.conditions(task.batch), task.noise(task.batch)
    return lambda: task.update(
        task.generator, task.generator_optimizer, (v * task.model.generate(task.generator, z, condition)).sum())


def critic_update(task):
    task.prepare_training()
    x, condition = task.noise(task.batch), task.model.conditions(task.batch)
    return lambda: task.update_critic(x, condition)


class OneStep(nn.Module):
    """G(z) of a batch."""

    def __init__(self, model, network):
        super().__init__()
        self.model, self.network = model, network

    def forward(self, z, condition):
        return self.model.generate(self.network, z, condition)


def sample_one_step(task):
    return OneStep(task.model, task.teacher), (task.noise(task.batch), task.model.conditions(task.batch))


def sample_heun18(task):
    task.engine.prepare(task.teacher)
    z, condition = task.noise(task.batch), task.model.conditions(task.batch)
    return lambda: dmd.heun_sample(task.teacher, z, condition, steps=18)


def text_to_image(task):
    return task.model.text_to_image()


ITEMS = {item.__name__: item for item in (dmd_step, generator_update, critic_update, sample_one_step, sample_heun18,
                                          text_to_image)}
# Items that are the forward pass of one module, which any engine computes.
FORWARD = ("sample_one_step", "text_to_image")


def items_of(config):
    """The names of what can be timed with a configuration."""
    return [name for name in ITEMS if name != ("sample_heun18" if config.startswith("sd15") else "text_to_image")]


def synchronize():
    if torch.get_default_device().type == "cuda":
        torch.cuda.synchronize()


def seconds(work):
    synchronize()
    start = time.perf_counter()
    work()
    synchronize()
    return time.perf_counter() - start


def prepared(name, network, arguments):
    """The work of an item, to be called any number of times."""
    engine = ENGINES[arguments.engine]
    if engine.writes:
        return engine.load(arguments.folder, arguments.threads)
    work = ITEMS[name](Distillation(network, arguments))
    if name in FORWARD:
        module, inputs = work
        engine.prepare(module)
        return engine.run(module, inputs)
    return work


def write(name, network, arguments):
    """Writes the file of an item for an engine that computes files."""
    torch.manual_seed(0)
    module, inputs = ITEMS[name](Distillation(network, arguments))
    ENGINES[arguments.engine].write(module, inputs, arguments.folder)


def measure(name, network, arguments):
    torch.manual_seed(0)
    work = prepared(name, network, arguments)
    work()
    times = [seconds(work) for _ in range(arguments.repeats)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    flops = None
    if arguments.engine == "eager":
        with FlopCounterMode(display=False) as counter:
            work()
        flops = counter.get_total_flops()
    return {"name": name, "seconds": statistics.median(times), "flops": flops, "peak_bytes": peak}


def product_gflops(size=2048):
    a, b = torch.randn(size, size), torch.randn(size, size)
    torch.mm(a, b)
    return 2 * size ** 3 / min(seconds(lambda: torch.mm(a, b)) for _ in range(5)) / 1e9


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", choices=CONFIGS, default="fashion-mnist")
    parser.add_argument("--model-channels", type=int, help="instead of the configuration's")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--pairs", type=int, default=32, help="images in the regression loss")
    parser.add_argument("--critic-steps", type=int, default=1, help="critic updates in a step")
    parser.add_argument("--lpips-size", type=int, help="resize images to this before LPIPS (not at all)")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:INDEX")
    parser.add_argument("--items", help="which to time, with commas (all)")
    parser.add_argument("--edm", metavar="FOLDER", help="run the networks of this checkout of NVlabs/edm")
    parser.add_argument("--engine", choices=ENGINES, default="eager",
                        help="what computes; those that take a file do sample_one_step and text_to_image alone")
    parser.add_argument("--in-process", choices=("write", "measure"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=pathlib.Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    engine = ENGINES[arguments.engine]
    possible = [name for name in items_of(arguments.config) if engine.trains or name in FORWARD]
    names = arguments.items.split(",") if arguments.items else possible
    unknown = set(names) - set(possible)
    if unknown:
        parser.error(f"no such item: {', '.join(sorted(unknown))}; there are {', '.join(possible)}")
    if arguments.config in ("cifar10-ncsnpp", "imagenet64") and not arguments.edm:
        parser.error(f"{arguments.config} needs --edm, a checkout of NVlabs/edm")
    torch.set_num_threads(arguments.threads)
    torch.set_default_device(arguments.device)
    network = dict(CONFIGS[arguments.config])
    if arguments.model_channels:
        network["model_channels"] = arguments.model_channels

    if arguments.in_process == "write":
        return write(names[0], network, arguments)
    if arguments.in_process == "measure":
        return print(json.dumps(measure(names[0], network, arguments)))
    report = {"implementation": arguments.engine, "version": versions(arguments.engine), "config": arguments.config,
              "model_channels": network["model_channels"], "batch": arguments.batch, "pairs": arguments.pairs,
              "critic_steps": arguments.critic_steps, "lpips_size": arguments.lpips_size,
              "threads": arguments.threads, "product_gflops": product_gflops(), "items": []}
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, *sys.argv[1:], "--items", name, "--folder", folder, "--in-process"]
            if engine.writes:
                subprocess.run([*command, "write"], check=True, stdout=sys.stderr)
            output = subprocess.run([*command, "measure"], check=True, stdout=subprocess.PIPE, text=True).stdout
            report["items"].append(json.loads(output.splitlines()[-1]))
    print(json.dumps(report))


if __name__ == "__main__":
    main()
