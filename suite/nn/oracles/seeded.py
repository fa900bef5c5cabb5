"""What the generators of model oracles share: weights that need no file, and checks of gradients.

Weights, inputs and directions are drawn by a multiplicative congruential generator seeded by their
name, so that a test can draw them again and an oracle holds only results.
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

MODULUS = 2_147_483_647
MULTIPLIER = 48_271


def seed_of(name):
    seed = 1
    for character in name:
        seed = (seed * 31 + ord(character)) % (MODULUS - 1)
    return seed + 1


def uniforms(name, count):
    """`count` values in (-1, 1), rounded to float32."""
    state, values = seed_of(name), np.empty(count)
    for i in range(count):
        state = state * MULTIPLIER % MODULUS
        values[i] = 2 * (state / MODULUS) - 1
    return values.astype(np.float32).astype(np.float64)


def drawn(name, shape):
    return torch.from_numpy(uniforms(name, int(np.prod(shape)))).reshape(shape)


def fill(state):
    """Sets a module's tensors by name: 1.5/sqrt(fan in) for matrices, near 1 for scales."""
    for name, value in state.items():
        if not value.is_floating_point():
            continue
        u = drawn(name, list(value.shape))
        with torch.no_grad():
            value.copy_(scaled(name, u, fan_in=int(np.prod(value.shape[1:]))))


def scaled(name, u, fan_in):
    if u.ndim > 1:
        factor = torch.tensor(1.5 / fan_in**0.5, dtype=torch.float32).double()
        return (u * factor).float().double()
    offset = 1 if name.endswith(("weight", "running_var")) else 0
    return (offset + 0.125 * u).float().double()


def numbers(x):
    return [float(f"{v:.9g}") for v in x.detach().reshape(-1).tolist()]


def checks(names, values):
    """Norm, and product with a drawn direction, of each gradient."""
    return {
        name: numbers(torch.stack([v.norm(), (v * drawn(f"{name}:direction", v.shape)).sum()]))
        for name, v in zip(names, values)
    }


def oracle(module, logits_of, inputs, labels, smoothing=0.1, second_order=True):
    """Logits, loss, gradients and a Hessian-vector product of the mean cross-entropy."""
    parameters = dict(module.named_parameters())
    names = list(parameters)
    logits = logits_of(inputs)
    logits = logits.reshape(-1, logits.shape[-1])
    loss = F.cross_entropy(logits, labels.reshape(-1), label_smoothing=smoothing)
    values = [parameters[n] for n in names]
    gradients = torch.autograd.grad(loss, values, create_graph=second_order)
    result = {
        "shapes": {n: list(v.shape) for n, v in module.state_dict().items() if v.is_floating_point()},
        "parameterCount": sum(v.numel() for v in values),
        "inputShape": list(inputs.shape),
        "labels": labels.reshape(-1).tolist(),
        "smoothing": smoothing,
        "logits": numbers(logits),
        "loss": loss.item(),
        "gradients": checks(names, gradients),
    }
    if second_order:
        along = sum((g * drawn(f"{n}:probe", g.shape)).sum() for n, g in zip(names, gradients))
        result["products"] = checks(names, torch.autograd.grad(along, values))
    return result


def write(script, results):
    path = pathlib.Path(script).with_suffix(".json")
    path.write_text(json.dumps(results, separators=(",", ":")) + "\n")
