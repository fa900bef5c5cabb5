"""Lion (Chen et al. 2023, arXiv 2302.06675).

g <- clip(g);  theta <- theta (1 - eta w) - eta sign(b1 m + (1 - b1) g);  m <- b2 m + (1 - b2) g
"""

import sys

import numpy as np
import optax

from common import clip, trajectory, write
from peers import against_optax, golden


def init(model, parameters, hp):
    return {f"{k}.m": np.zeros_like(v) for k, v in parameters.items()}


def candidates(parameters, grads, state, hp):
    return {k: hp["beta1"] * state[f"{k}.m"] + (1 - hp["beta1"]) * g for k, g in grads.items()}


def step(problem, parameters, state, hp):
    _, grads = problem.gradient(parameters)
    grads = clip(grads, hp["clipNorm"])
    new, moved = {}, {}
    for k, c in candidates(parameters, grads, state, hp).items():
        decayed = parameters[k] * (1 - hp["learningRate"] * hp["weightDecay"])
        new[k] = decayed - hp["learningRate"] * np.sign(c)
        moved[f"{k}.m"] = hp["beta2"] * state[f"{k}.m"] + (1 - hp["beta2"]) * grads[k]
    return new, moved


def margin(problem, parameters, state, hp):
    grads = clip(problem.gradient(parameters)[1], hp["clipNorm"])
    found = candidates(parameters, grads, state, hp)
    return min(float(np.min(np.abs(c)) / np.max(np.abs(c))) for c in found.values())


if __name__ == "__main__":
    method = sys.modules[__name__]
    given = {"learningRate": 0.01, "beta1": 0.9, "beta2": 0.99, "weightDecay": 0.1, "clipNorm": None}
    table = [[0.989, 2.008], [0.978011, 1.995992], [0.98703299, 1.98399601]]
    hp = {**given, "clipNorm": 10}
    peer = optax.lion(0.01, b1=0.9, b2=0.99, weight_decay=0.1)
    agreement = {"optax.lion, 50 steps": against_optax(method, hp, "mlp", peer)}
    runs = [("mlp", 10), ("mlp-no-bias", 0.1), ("conv", 10)]
    write(
        "lion",
        notes=[
            "margin: smallest |b1 m + (1 - b1) g| over the largest, per tensor; below 1e-6 the sign is "
            "rounding's. Attention is left out: the gradient of the key bias is exactly zero"
        ],
        golden=[golden(method, given, "lion", table, peer)],
        trajectories=[
            trajectory(method, "lion", model, {**hp, "clipNorm": c}, name=model, margin=margin)
            for model, c in runs
        ],
        agreement=agreement,
    )
    print(agreement)
