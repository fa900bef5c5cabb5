"""AdamW (Loshchilov & Hutter, arXiv 1711.05101): decay first and apart, epsilon outside the root.

g <- clip(g);  theta <- theta (1 - eta w)
m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2
theta <- theta - eta * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
"""

import sys

import optax
import torch

import adam
from adam import BASE, adam_direction, torch_adam
from common import clip, trajectory, write
from peers import against_optax, against_torch, golden, torch_golden

init = adam.init


def step(problem, parameters, state, hp):
    _, grads = problem.gradient(parameters)
    t = state["t"] + 1
    new, moved = {}, {"t": t}
    for k, g in clip(grads, hp["clipNorm"]).items():
        u, m, v = adam_direction(g, state[f"{k}.m"], state[f"{k}.v"], t, hp)
        new[k] = parameters[k] * (1 - hp["learningRate"] * hp["weightDecay"]) - hp["learningRate"] * u
        moved[f"{k}.m"], moved[f"{k}.v"] = m, v
    return new, moved


if __name__ == "__main__":
    method = sys.modules[__name__]
    given = {**BASE, "learningRate": 0.1, "weightDecay": 0.01, "clipNorm": None}
    table = [[0.899, 2.098], [0.80488304, 2.12253570], [0.74771202, 2.13812393]]
    large = [[0.8990999, 2.09795002], [0.80510062, 2.12246894], [0.74801450, 2.13804354]]
    hp = {**BASE, "learningRate": 0.03, "weightDecay": 0.1, "clipNorm": 10}
    peer = torch_adam(torch.optim.AdamW, hp)
    damped = {**given, "epsilon": 1e-3}
    write(
        "adamw",
        golden=[
            golden(method, given, "adamw", table, torch_golden(torch_adam(torch.optim.AdamW, given))),
            golden(
                method,
                damped,
                "adamw, epsilon 1e-3",
                large,
                torch_golden(torch_adam(torch.optim.AdamW, damped)),
            ),
        ],
        trajectories=[
            trajectory(method, "adamw", "mlp", hp, name="mlp"),
            trajectory(
                method, "adamw", "conv", {**hp, "epsilon": 1e-3, "clipNorm": 0.3}, name="conv, clip .3"
            ),
            trajectory(method, "adamw", "attention", {**hp, "epsilon": 1e-3}, name="attention"),
        ],
        notes=[
            "attention runs at epsilon 1e-3: the gradient of the key bias is exactly zero, so with "
            "1e-8 its direction is the rounding noise of whoever computes it"
        ],
        agreement={
            "torch.optim.AdamW, 50 steps": against_torch(method, hp, "mlp", peer),
            "optax.adamw, 50 steps": against_optax(
                method, hp, "mlp", optax.adamw(hp["learningRate"], weight_decay=hp["weightDecay"])
            ),
        },
    )
