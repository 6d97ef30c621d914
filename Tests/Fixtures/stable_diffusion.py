# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The swift-dmd authors
"""Evaluations of tiny random networks of Stable Diffusion's kinds, and trajectories of its samplers.

Needs diffusers 0.42.1 and transformers 5.23.0.
"""

import itertools
import json

import torch

UNET = dict(sample_size=8, block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4,
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"))
UNETS = {
    "unet1": dict(UNET, cross_attention_dim=6, attention_head_dim=2),
    "unet2": dict(UNET, cross_attention_dim=10, attention_head_dim=[2, 4], use_linear_projection=True, upcast_attention=True),
}
AUTOENCODER = dict(block_out_channels=[4, 8], layers_per_block=1, norm_num_groups=2, latent_channels=2, sample_size=8,
                   down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2)
TINY = dict(encoder_block_out_channels=(4, 4), decoder_block_out_channels=(4, 4), num_encoder_blocks=(1, 1),
            num_decoder_blocks=(1, 1), latent_channels=2)
TEXT = dict(vocab_size=20, hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=2,
            max_position_embeddings=7, bos_token_id=18, eos_token_id=19, pad_token_id=19)
TEXTS = {"text1": dict(TEXT, hidden_act="quick_gelu"), "text2": dict(TEXT, hidden_act="gelu", num_attention_heads=4)}

PIPELINE_TEXT = dict(TEXT, vocab_size=514, hidden_size=6, bos_token_id=512, eos_token_id=513, pad_token_id=513,
                     hidden_act="quick_gelu")

SCHEDULE = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", num_train_timesteps=1000)


def evaluated(draw, module, inputs, function):
    """Weights, inputs, and in both precisions the output and all gradients of sum(v y)."""
    tensors = {f"state.{name}": value.detach().clone().float() for name, value in module.state_dict().items()}
    v = None
    for dtype in (torch.float64, torch.float32):
        module.to(dtype).zero_grad()
        leaves = {name: value.detach().to(dtype, copy=True) if value.is_floating_point() else value
                  for name, value in inputs.items()}
        for value in leaves.values():
            if value.is_floating_point():
                value.requires_grad_()
        y = function(module, **leaves)
        v = draw.normal(*y.shape).float().double() if v is None else v
        (v.to(dtype) * y).sum().backward()
        prefix = str(dtype).removeprefix("torch.")
        tensors[f"{prefix}.y"] = y
        if dtype == torch.float64:
            gradients = {name: value.grad.clone() for name, value in [*module.named_parameters(), *leaves.items()]
                         if value.grad is not None}
            tensors.update({f"{prefix}.gradient.{name}": gradient for name, gradient in gradients.items()})
    return tensors | {name: value.detach().clone().float() if value.is_floating_point() else value
                      for name, value in inputs.items()} | {"v": v.float()}


def networks(draw):
    from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    tensors, configurations = {}, {}

    def add(name, module, inputs, function):
        module = draw.weights(module.eval())
        # Everything is stored as float32, so that it must be exact there.
        inputs = {key: value.float().double() if value.is_floating_point() else value for key, value in inputs.items()}
        tensors.update({f"{name}.{key}": value for key, value in evaluated(draw, module, inputs, function).items()})
        configurations[name] = json.loads(module.config.to_json_string() if name.startswith("text") else
                                          module.to_json_string())

    for name, settings in UNETS.items():
        add(name, UNet2DConditionModel(**settings),
            dict(x=draw.normal(2, 4, 8, 8), context=draw.normal(2, 5, settings["cross_attention_dim"])),
            lambda unet, x, context: unet(x, torch.tensor([7, 981]), context).sample)
    images, latents = draw.normal(2, 3, 8, 8), draw.normal(2, 2, 4, 4)
    add("encoder", AutoencoderKL(**AUTOENCODER), dict(x=images),
        lambda vae, x: torch.cat([vae.encode(x).latent_dist.mean, vae.encode(x).latent_dist.std], 1) * vae.config.scaling_factor)
    add("decoder", AutoencoderKL(**AUTOENCODER), dict(x=latents), lambda vae, x: vae.decode(x / vae.config.scaling_factor).sample)
    add("tiny-encoder", AutoencoderTiny(**TINY), dict(x=images), lambda vae, x: vae.encode(x).latents)
    add("tiny-decoder", AutoencoderTiny(**TINY), dict(x=latents), lambda vae, x: vae.decode(x).sample)
    for name, settings in TEXTS.items():
        add(name, CLIPTextModel(CLIPTextConfig(**settings)),
            dict(tokens=torch.tensor([[18, 3, 4, 5, 19, 19, 19], [18, 0, 7, 1, 2, 9, 19]])),
            lambda text, tokens: text(tokens).last_hidden_state)
    return tensors, dict(configurations=configurations)


def toy(x, time, kind):
    """A network that a sampler can be told from another by: the noise or the velocity that it predicts."""
    time = torch.as_tensor(time, dtype=torch.float64)
    return torch.sin(3 * x) * 0.5 + 0.4 * x + 0.1 * torch.cos(time / 100) if kind == "epsilon" else torch.tanh(x) - time / 2000


def trajectories(draw):
    """Every sampler with every spacing, offset, end and prediction that diffusers can do, in a few steps."""
    from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, PNDMScheduler

    samplers = {"pndm": (PNDMScheduler, dict(skip_prk_steps=True)), "ddim": (DDIMScheduler, dict(clip_sample=False)),
                "dpm": (DPMSolverMultistepScheduler, dict()), "euler": (EulerDiscreteScheduler, dict())}
    spacings = {"leading": dict(timestep_spacing="leading"), "leading1": dict(timestep_spacing="leading", steps_offset=1),
                "trailing": dict(timestep_spacing="trailing"), "linspace": dict(timestep_spacing="linspace")}
    ends = {"kept": dict(set_alpha_to_one=False), "clean": dict(set_alpha_to_one=True)}
    z = draw.normal(1, 1, 4, 4).float().double()
    tensors = {"z": z}
    for sampler, spacing in itertools.product(samplers, spacings):
        scheduler_class, settings = samplers[sampler]
        for end in ends if sampler in ("pndm", "ddim") else [None]:
            name = "-".join(filter(None, (sampler, spacing, end)))
            for steps, kind in itertools.product((1, 2, 5, 13, 50), ("epsilon", "v_prediction")):
                # Long runs once for each sampler. diffusers' PNDM needs two steps, and more where it would reach beyond its
                # levels; Euler's single even step is at the least level, where diffusers' table is rounded.
                if steps == 50 and (spacing != "leading1" or end == "clean"):
                    continue
                if sampler == "pndm" and steps < 2 or (sampler, spacing, steps) == ("euler", "linspace", 1):
                    continue
                scheduler = scheduler_class(**SCHEDULE, **settings, **spacings[spacing], **ends.get(end, {}),
                                            prediction_type=kind)
                scheduler.set_timesteps(steps)
                x = z * scheduler.init_noise_sigma
                states = [x]
                for time in scheduler.timesteps:
                    scaled = scheduler.scale_model_input(x, time)
                    x = scheduler.step(toy(scaled, time, kind), time, x).prev_sample.double()
                    states.append(x)
                case = f"{name}.{steps}.{kind}"
                tensors[f"{case}.timesteps"] = scheduler.timesteps.double()
                tensors[f"{case}.states"] = torch.cat(states)
    return tensors, dict(network="epsilon: sin(3x)/2 + 0.4x + cos(t/100)/10; v_prediction: tanh(x) - t/2000")


def images(draw, folder):
    """A whole model as a folder with half-precision weights, and what its pipeline makes with each sampler."""
    from diffusers import (AutoencoderKL, DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, LCMScheduler,
                           PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel)
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    printed = [*range(0x21, 0x7f), *range(0xa1, 0xad), *range(0xae, 0x100)]
    signs = [chr(byte) for byte in printed] + [chr(0x100 + index) for index in range(256 - len(printed))]
    names = signs + [sign + "</w>" for sign in signs] + ["<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer(vocab={name: number for number, name in enumerate(names)}, merges=[], model_max_length=7)
    settings = dict(UNETS["unet1"], in_channels=2, out_channels=2)
    parts = dict(unet=UNet2DConditionModel(**settings), vae=AutoencoderKL(**AUTOENCODER),
                 text_encoder=CLIPTextModel(CLIPTextConfig(**PIPELINE_TEXT)))
    parts = {name: draw.weights(part.eval()).half().float() for name, part in parts.items()}
    common = dict(SCHEDULE, steps_offset=1)
    schedulers = {
        "PNDMScheduler": PNDMScheduler(**common, skip_prk_steps=True),
        "DDIMScheduler": DDIMScheduler(**common, clip_sample=False, set_alpha_to_one=False),
        "DPMSolverMultistepScheduler": DPMSolverMultistepScheduler(**common),
        "EulerDiscreteScheduler": EulerDiscreteScheduler(**common),
    }
    pipeline = StableDiffusionPipeline(**parts, tokenizer=tokenizer, scheduler=schedulers["PNDMScheduler"],
                                       safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    pipeline.set_progress_bar_config(disable=True)
    made = dict(prompts=["ab c", "d"], negative="x", guidance=3.0, steps=6,
                schedulers={name: scheduler.to_json_string() for name, scheduler in schedulers.items()})
    z = draw.normal(2, 2, 8, 8).float()
    tensors = {"z": z}
    tokens = tokenizer(made["prompts"], padding="max_length", max_length=7, return_tensors="pt").input_ids
    tensors["embeddings"] = parts["text_encoder"](tokens).last_hidden_state
    for kind in ("epsilon", "v_prediction"):
        pipeline.scheduler = LCMScheduler(**SCHEDULE, prediction_type=kind)
        name = f"LCMScheduler.{kind}"
        tensors[f"{name}.latents"] = pipeline(made["prompts"], guidance_scale=0, timesteps=[999], latents=z.clone(),
                                              output_type="latent", height=16, width=16).images
        tensors[f"{name}.images"] = parts["vae"].decode(tensors[f"{name}.latents"] / parts["vae"].config.scaling_factor).sample
    for name, scheduler in schedulers.items():
        pipeline.scheduler = scheduler
        tensors[f"{name}.latents"] = pipeline(
            made["prompts"], negative_prompt=[made["negative"]] * 2, guidance_scale=made["guidance"],
            num_inference_steps=made["steps"], latents=z.clone(), output_type="latent", height=16, width=16).images
        tensors[f"{name}.images"] = parts["vae"].decode(tensors[f"{name}.latents"] / parts["vae"].config.scaling_factor).sample
    pipeline.scheduler = schedulers["PNDMScheduler"]
    pipeline.to(torch.float16).save_pretrained(folder / "stable-diffusion", safe_serialization=True)
    return tensors, made
