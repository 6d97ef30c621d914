# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The swift-dmd authors
"""Distribution Matching Distillation of Stable Diffusion 1.5 on diffusers' networks, in plain PyTorch."""

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

GUIDANCE = 3.0


def alphas():
    """alpha_t of all 1000 steps of the schedule `scaled_linear`."""
    betas = torch.linspace(0.00085 ** 0.5, 0.012 ** 0.5, 1000, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, 0).sqrt()


class LatentModel:
    """The parts of Stable Diffusion 1.5, its U-Net `channels` wide, with random weights."""

    shape = (4, 64, 64)

    def __init__(self, channels):
        self.network = UNet2DConditionModel(sample_size=64, cross_attention_dim=768,
                                            block_out_channels=[factor * channels for factor in (1, 2, 4, 4)])
        self.alphas = alphas()
        self.empty = torch.zeros(1, 77, 768)

    def conditions(self, count):
        return torch.randn(count, 77, 768)

    def levels(self, low, high, count):
        return torch.randint(low, high, (count,))

    def level(self, time):
        alpha = self.alphas[time][:, None, None, None]
        return alpha, (1 - alpha ** 2).sqrt()

    def noised(self, x, time, noise):
        alpha, sigma = self.level(time)
        return alpha.float() * x + sigma.float() * noise

    def denoised(self, network, x, time, condition, guidance=1.0):
        """mu(x_t, t), computed in float64 from the predicted noise; both parts of guidance in one call."""
        if guidance == 1.0:
            noise = network(x, time, condition).sample.double()
        else:
            both = network(torch.cat([x, x]), torch.cat([time, time]),
                           torch.cat([self.empty.expand(len(x), -1, -1), condition])).sample.double()
            without, with_prompt = both.chunk(2)
            noise = without + guidance * (with_prompt - without)
        alpha, sigma = self.level(time)
        return ((x.double() - sigma * noise) / alpha).float()

    def generate(self, network, z, condition):
        return self.denoised(network, z, torch.full((len(z),), 999), condition)

    @torch.no_grad()
    def matching_gradient(self, teacher, critic, x, condition, time, noise):
        """Algorithm 2, with the factor alpha kept as in equation 7."""
        x_t = self.noised(x, time, noise)
        fake = self.denoised(critic, x_t, time, condition)
        real = self.denoised(teacher, x_t, time, condition, GUIDANCE)
        weight = self.level(time)[0].float() / (x - real).abs().mean(dim=(1, 2, 3), keepdim=True)
        return weight * (fake - real)

    def critic_loss(self, critic, x, condition, time, noise):
        alpha, sigma = self.level(time)
        error = self.denoised(critic, self.noised(x, time, noise), time, condition) - x
        return ((alpha / sigma).square().float() * error.square()).mean()

    def decoded_distance(self, lpips):
        """LPIPS between the images that a tiny autoencoder makes of latents."""
        tiny = AutoencoderTiny().requires_grad_(False)

        def distance(generated, target):
            with torch.no_grad():
                image = tiny.decode(target).sample
            return lpips(tiny.decode(generated).sample, image)

        return distance

    def text_to_image(self):
        """A module that makes an image of 512 x 512 pixels from the tokens of a prompt in one step, and its inputs."""
        return TextToImage(self), (torch.arange(77)[None], torch.randn(1, *self.shape))


class TextToImage(torch.nn.Module):
    """Text encoder, U-Net (once) and decoder."""

    def __init__(self, model):
        super().__init__()
        self.model, self.network = model, model.network
        self.text = CLIPTextModel(CLIPTextConfig(hidden_size=768, intermediate_size=3072, num_hidden_layers=12,
                                                 num_attention_heads=12)).eval()
        self.decoder = AutoencoderKL(block_out_channels=(128, 256, 512, 512), latent_channels=4, layers_per_block=2,
                                     down_block_types=("DownEncoderBlock2D",) * 4,
                                     up_block_types=("UpDecoderBlock2D",) * 4).eval()

    def forward(self, tokens, z):
        latents = self.model.generate(self.network, z, self.text(tokens).last_hidden_state)
        return self.decoder.decode(latents / self.decoder.config.scaling_factor).sample
