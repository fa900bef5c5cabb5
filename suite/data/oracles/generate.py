"""Writes images.json and normal-quantile.json: what PIL, torchvision and SciPy answer.

    pip install numpy scipy pillow torch torchvision
    python suite/data/oracles/generate.py

Made with numpy 2.4.6, scipy 1.17.1, pillow 12.3.0, torch 2.13.0, torchvision 0.28.0.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy.special import ndtri
from torchvision.transforms import InterpolationMode, Normalize, ToTensor
from torchvision.transforms import functional as F

HERE = Path(__file__).parent
generator = np.random.default_rng(0)


def resize_case(height, width, to_height, to_width):
    image = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
    # Flat extremes next to each other make the cubic kernel overshoot, so that clipping is met.
    image[: height // 2, : width // 2] = np.where(
        image[: height // 2, : width // 2] > 127, 255, 0
    )
    resized = F.resize(
        Image.fromarray(image), [to_height, to_width], InterpolationMode.BICUBIC, antialias=True
    )
    return {
        "from": [height, width],
        "to": [to_height, to_width],
        "image": image.flatten().tolist(),
        "resized": np.asarray(resized).flatten().tolist(),
    }


def affine_case(angle, scale):
    image = generator.integers(1, 256, (12, 10), dtype=np.uint8)
    warped = F.affine(
        Image.fromarray(image), angle, [0, 0], scale, [0.0, 0.0], InterpolationMode.NEAREST, fill=0
    )
    return {
        "size": [12, 10],
        "angle": angle,
        "scale": scale,
        "image": image.flatten().tolist(),
        "warped": np.asarray(warped).flatten().tolist(),
    }


def normalise_case(mean, std):
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], len(mean), axis=2)
    image = Image.fromarray(ramp if len(mean) == 3 else ramp[:, :, 0])
    out = Normalize(mean, std)(ToTensor()(image))
    return {
        "mean": mean,
        "deviation": std,
        "values": [[float(v) for v in channel] for channel in out[:, 0, :]],
    }


(HERE / "images.json").write_text(
    json.dumps(
        {
            "resize": [
                resize_case(8, 8, 21, 21),
                resize_case(7, 9, 20, 13),
                resize_case(20, 16, 7, 6),
                resize_case(6, 6, 6, 11),
            ],
            "affine": [affine_case(a, s) for a, s in [(15, 1.2), (-15, 0.8), (7.3, 1.0), (-1.1, 1.13), (0.4, 0.93)]],
            "normalise": [
                normalise_case([0.1307], [0.3081]),
                normalise_case([x / 255 for x in [125.3, 123.0, 113.9]], [x / 255 for x in [63.0, 62.1, 66.7]]),
            ],
        }
    )
)
p = [2.0**-33, 1e-9, 1e-6, 1e-3, 0.02, 0.0749, 0.0751, 0.2, 0.4, 0.5, 0.6, 0.9249, 0.9251, 0.999, 1 - 2.0**-33]
(HERE / "normal-quantile.json").write_text(json.dumps({"p": p, "z": [float(ndtri(x)) for x in p]}))
