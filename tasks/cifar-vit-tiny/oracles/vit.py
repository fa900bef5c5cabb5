"""Writes vit.json and vit.safetensors: timm's vision transformer, small and as vit_tiny_patch16_224.

    pip install timm torch numpy safetensors && python tasks/cifar-vit-tiny/oracles/vit.py
"""

import pathlib
import sys

import timm
import torch
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "suite/nn/oracles"))
from seeded import drawn, fill, numbers, oracle, write

# The composed attention: the fused one has no second derivative.
timm.layers.set_fused_attn(False)
torch.manual_seed(0)


def images(count, side):
    return drawn("input", [count, side, side, 3]).permute(0, 3, 1, 2)


SIZE = dict(img_size=32, patch_size=8, embed_dim=12, depth=2, num_heads=3, num_classes=10)

# A file in timm's own names, at its own initial values; float32, as checkpoints are.
saved = VisionTransformer(**SIZE)
save_file(saved.state_dict(), pathlib.Path(__file__).with_suffix(".safetensors"))
saved = saved.double().eval()
saved_logits = numbers(saved(images(2, 32)))

small = VisionTransformer(**SIZE).double()
fill(small.state_dict())
result = oracle(small, lambda x: small(x), images(3, 32), torch.tensor([3, 0, 9]))
result["inputShape"] = [3, 32, 32, 3]

full = timm.create_model("vit_tiny_patch16_224", num_classes=10).double().eval()
fill(full.state_dict())
write(
    __file__,
    {
        "small": result,
        "saved": {"inputShape": [2, 32, 32, 3], "logits": saved_logits},
        "full": {
            "shapes": {n: list(v.shape) for n, v in full.state_dict().items()},
            "parameterCount": sum(v.numel() for v in full.parameters()),
            "inputShape": [1, 224, 224, 3],
            "logits": numbers(full(images(1, 224))),
        },
    },
)
