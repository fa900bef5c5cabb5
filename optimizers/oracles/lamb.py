"""LAMB (You et al., arXiv 1904.00962), bias-corrected, the trust ratio not clamped.

g <- clip(g);  m, v as Adam's, corrected;  u = m / (sqrt(v) + eps) + w theta
theta <- theta - eta (|theta| / |u|) u      per tensor; ratio 1 where either norm is 0
"""

import sys

import numpy as np
import optax

import adam
from adam import BASE, adam_direction
from common import clip, trajectory, write
from peers import against_optax, golden

init = adam.init


def norm(x):
    return float(np.sqrt(np.sum(x * x)))


def step(problem, parameters, state, hp):
    _, grads = problem.gradient(parameters)
    t = state["t"] + 1
    new, moved = {}, {"t": t}
    for k, g in clip(grads, hp["clipNorm"]).items():
        u, m, v = adam_direction(g, state[f"{k}.m"], state[f"{k}.v"], t, hp)
        u = u + hp["weightDecay"] * parameters[k]
        size, length = norm(parameters[k]), norm(u)
        ratio = size / length if size > 0 and length > 0 else 1.0
        new[k] = parameters[k] - hp["learningRate"] * ratio * u
        moved[f"{k}.m"], moved[f"{k}.v"] = m, v
    return new, moved


if __name__ == "__main__":
    method = sys.modules[__name__]
    given = {**BASE, "epsilon": 1e-6, "learningRate": 0.1, "weightDecay": 0.01, "clipNorm": None}
    table = [[0.83952076, 2.15571260], [0.61563656, 2.21397738], [0.39389283, 2.27428293]]
    hp = {**given, "learningRate": 0.05, "clipNorm": 10}

    def peer(rate):
        return optax.lamb(rate, eps=1e-6, weight_decay=0.01)

    agreement = {"optax.lamb, 50 steps": against_optax(method, hp, "mlp", peer(0.05))}
    write(
        "lamb",
        notes=["attention runs at epsilon 1e-3: the gradient of the key bias is exactly zero"],
        golden=[golden(method, given, "lamb", table, peer(0.1))],
        trajectories=[
            trajectory(method, "lamb", "mlp", hp, name="mlp"),
            trajectory(method, "lamb", "conv", hp, name="conv"),
            trajectory(method, "lamb", "attention", {**hp, "epsilon": 1e-3}, name="attention"),
        ],
        agreement=agreement,
    )
    print(agreement)
