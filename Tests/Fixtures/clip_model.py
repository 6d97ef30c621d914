# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The swift-dmd authors
"""A tiny CLIP model as a folder, and what transformers and Pillow make of images and prompts with it.

Needs transformers 5.23.0, numpy and Pillow 12.
"""

import torch

TEXT = dict(vocab_size=514, hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=2,
            max_position_embeddings=24, bos_token_id=512, eos_token_id=513, pad_token_id=513)
VISION = dict(hidden_size=12, intermediate_size=16, num_hidden_layers=2, num_attention_heads=3, image_size=18, patch_size=5)
PREFIX = "A photo depicts "
PROMPTS = ["ab c", "a dog", "", "one that is too long for the network"]
# Height and width: shrunk, at the size, enlarged, and with odd margins.
SIZES = [(37, 23), (18, 18), (9, 14), (20, 51)]


def pictures(draw):
    """Noise over ramps, so that kernels overshoot at both ends."""
    for height, width in SIZES:
        ramp = torch.linspace(-80, 335, height * width).reshape(height, width)
        levels = ramp + 60 * torch.stack([draw.normal(height, width) for _ in range(3)])
        yield levels.clamp(0, 255).round().to(torch.uint8)


def square(picture, size):
    """The middle square at another size, as evaluations of published generators have it."""
    from PIL import Image

    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side)).resize((size, size), Image.LANCZOS)


def scores(draw, folder):
    import PIL
    from PIL import Image
    from transformers import CLIPConfig, CLIPModel, CLIPTokenizer
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    tokenizer = CLIPTokenizer.from_pretrained(folder / "stable-diffusion" / "tokenizer")
    processor = CLIPImageProcessorPil(size={"shortest_edge": 18}, crop_size={"height": 18, "width": 18})
    model = CLIPModel(CLIPConfig(text_config=TEXT, vision_config=VISION, projection_dim=6)).eval()
    for part in (model.text_model, model.vision_model, model.text_projection, model.visual_projection):
        draw.weights(part)
    model.float().save_pretrained(folder / "clip-model")
    processor.save_pretrained(folder / "clip-model")

    tensors = {f"levels.{number}": levels for number, levels in enumerate(pictures(draw))}
    images = [Image.fromarray(levels.permute(1, 2, 0).numpy()) for levels in tensors.values()]
    tensors["pixels"] = processor(images, return_tensors="pt").pixel_values
    tensors["pixels.square"] = processor([square(image, 256) for image in images], return_tensors="pt").pixel_values
    tokens = tokenizer([PREFIX + prompt for prompt in PROMPTS], padding="max_length", truncation=True,
                       max_length=TEXT["max_position_embeddings"], return_tensors="pt").input_ids
    for activation in ("quick_gelu", "gelu"):
        config = CLIPConfig(text_config=dict(TEXT, hidden_act=activation), vision_config=dict(VISION, hidden_act=activation),
                            projection_dim=6)
        network = CLIPModel(config).eval()
        network.load_state_dict(model.state_dict())
        network.double()
        with torch.no_grad():
            for name in ("pixels", "pixels.square"):
                pixels = tensors[name].double()
                result = network(input_ids=tokens, pixel_values=pixels)
                case = activation + name.removeprefix("pixels")
                tensors[f"{case}.images"] = network.visual_projection(network.vision_model(pixels).pooler_output)
                tensors[f"{case}.cosines"] = result.logits_per_image.diagonal() / network.logit_scale.exp()
            tensors[f"{activation}.texts"] = network.text_projection(network.text_model(tokens).pooler_output)
    return tensors, dict(prompts=PROMPTS, prefix=PREFIX, pillow=PIL.__version__)
