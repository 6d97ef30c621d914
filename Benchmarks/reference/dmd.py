# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The swift-dmd authors
"""Distribution Matching Distillation (Yin et al. 2024, arXiv 2311.18828) for EDM denoisers, in plain PyTorch."""

import torch
from torch.nn import functional as F

SIGMA_MIN, SIGMA_MAX, RHO, SIGMA_DATA = 0.002, 80.0, 7, 0.5


def karras_sigmas(count):
    """The noise levels of EDM, equation 5, ascending from SIGMA_MIN to SIGMA_MAX; float64."""
    ramp = torch.linspace(0, 1, count, dtype=torch.float64)
    low, high = SIGMA_MIN ** (1 / RHO), SIGMA_MAX ** (1 / RHO)
    return (low + ramp * (high - low)) ** RHO


def generate(generator, z, labels):
    """G(z): the denoiser asked once, at the largest noise level."""
    return generator(SIGMA_MAX * z, z.new_full((z.shape[0],), SIGMA_MAX), labels)


def diffuse(x, sigma, noise):
    return x + sigma[:, None, None, None] * noise


@torch.no_grad()
def matching_gradient(teacher, critic, x, labels, sigma, noise):
    """The gradient of the distribution matching loss on x, Algorithm 2, before the mean over all elements."""
    x_t = diffuse(x, sigma, noise)
    fake, real = critic(x_t, sigma, labels), teacher(x_t, sigma, labels)
    return (fake - real) / (x - real).abs().mean(dim=(1, 2, 3), keepdim=True)


def matching_loss(x, gradient):
    """A loss whose gradient on x is `gradient` over the number of elements."""
    return 0.5 * F.mse_loss(x, (x - gradient).detach())


def critic_loss(critic, x, labels, sigma, noise):
    """Algorithm 3 with the weight of EDM, sigma^-2 + sigma_data^-2."""
    weight = (sigma ** -2 + SIGMA_DATA ** -2)[:, None, None, None]
    return (weight * (critic(diffuse(x, sigma, noise), sigma, labels) - x).square()).mean()


@torch.no_grad()
def heun_steps(net, z, labels, sigmas):
    """Every state, in float64, of EDM's deterministic sampler (Algorithm 1) along `sigmas`, which end at 0."""
    dtype = next(net.parameters()).dtype

    def slope(x, sigma):
        clean = net(x.to(dtype), sigma.to(dtype).expand(x.shape[0]), labels)
        return (x - clean.double()) / sigma

    x = sigmas[0] * z.double()
    yield x
    for sigma, following in zip(sigmas[:-1], sigmas[1:]):
        d = slope(x, sigma)
        x_next = x + (following - sigma) * d
        if following > 0:
            x_next = x + (following - sigma) * (d + slope(x_next, following)) / 2
        x = x_next
        yield x


def sampling_sigmas(steps):
    return torch.cat([karras_sigmas(steps).flip(0), torch.zeros(1, dtype=torch.float64)])


def heun_sample(net, z, labels, steps=18):
    for x in heun_steps(net, z, labels, sampling_sigmas(steps)):
        pass
    return x


class PixelModel:
    """A denoiser of EDM's kind, and what a step of distillation asks of it."""

    def __init__(self, network, shape, classes):
        self.network, self.shape, self.classes = network, shape, classes
        self.sigmas = karras_sigmas(1000).float()

    def conditions(self, count):
        return F.one_hot(torch.randint(self.classes, (count,)), self.classes).float()

    def levels(self, low, high, count):
        return self.sigmas[torch.randint(low, high, (count,))]

    def decoded_distance(self, lpips):
        return lpips

    generate = staticmethod(generate)
    matching_gradient = staticmethod(matching_gradient)
    critic_loss = staticmethod(critic_loss)
