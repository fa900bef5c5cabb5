"""Adam with bias correction (Kingma & Ba, arXiv 1412.6980) and L2 added to the gradient (torch).

g <- clip(g);  g <- g + w * theta
m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2
theta <- theta - eta * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
"""

import math
import sys

import numpy as np
import optax
import torch

from common import clip, trajectory, write
from peers import against_optax, against_torch, golden, torch_golden


def init(model, parameters, hp):
    state = {"t": 0}
    for k, v in parameters.items():
        state[f"{k}.m"], state[f"{k}.v"] = np.zeros_like(v), np.zeros_like(v)
    return state


def adam_direction(g, m, v, t, hp):
    """(direction, m, v) after the t-th gradient, t from 1."""
    b1, b2 = hp["beta1"], hp["beta2"]
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * g * g
    root = np.sqrt(v) / math.sqrt(1 - b2**t) + hp["epsilon"]
    return m / (1 - b1**t) / root, m, v


def step(problem, parameters, state, hp):
    _, grads = problem.gradient(parameters)
    t = state["t"] + 1
    new, moved = {}, {"t": t}
    for k, g in clip(grads, hp["clipNorm"]).items():
        g = g + hp["weightDecay"] * parameters[k]
        u, m, v = adam_direction(g, state[f"{k}.m"], state[f"{k}.v"], t, hp)
        new[k] = parameters[k] - hp["learningRate"] * u
        moved[f"{k}.m"], moved[f"{k}.v"] = m, v
    return new, moved


def torch_adam(kind, hp):
    return lambda tensors: kind(
        tensors.values() if isinstance(tensors, dict) else tensors,
        lr=hp["learningRate"],
        betas=(hp["beta1"], hp["beta2"]),
        eps=hp["epsilon"],
        weight_decay=hp["weightDecay"],
    )


BASE = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}

if __name__ == "__main__":
    method = sys.modules[__name__]
    given = {**BASE, "learningRate": 0.1, "weightDecay": 0.01, "clipNorm": None}
    table = [[0.9, 2.1], [0.80666678, 2.12542985], [0.74949277, 2.14158313]]
    hp = {**BASE, "learningRate": 0.03, "weightDecay": 0.01, "clipNorm": 10}
    peer = optax.chain(optax.add_decayed_weights(0.01), optax.adam(hp["learningRate"]))
    write(
        "adam",
        golden=[golden(method, given, "adam, L2", table, torch_golden(torch_adam(torch.optim.Adam, given)))],
        trajectories=[trajectory(method, "adam", model, hp, name=model) for model in ("mlp", "conv")],
        agreement={
            "torch.optim.Adam, 50 steps": against_torch(method, hp, "mlp", torch_adam(torch.optim.Adam, hp)),
            "optax.adam + L2, 50 steps": against_optax(method, hp, "mlp", peer),
        },
    )
