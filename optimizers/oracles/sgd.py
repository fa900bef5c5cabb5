"""SGD with momentum: the shared pipeline with P = identity.

g <- clip(g);  g <- g + w * theta;  b <- mu * b + g (first b = g);  theta <- theta - eta * b
"""

import sys

import torch

from common import momentum_state, pipeline, trajectory, write
from peers import against_torch, golden, torch_golden


def init(model, parameters, hp):
    return momentum_state(parameters)


def step(problem, parameters, state, hp):
    _, grads = problem.gradient(parameters)
    return pipeline(parameters, grads, state, hp)


def torch_sgd(hp, nesterov=False):
    return lambda tensors: torch.optim.SGD(
        tensors.values() if isinstance(tensors, dict) else tensors,
        lr=hp["learningRate"],
        momentum=hp["momentum"],
        weight_decay=hp["weightDecay"],
        nesterov=nesterov,
    )


if __name__ == "__main__":
    method = sys.modules[__name__]
    given = {"learningRate": 0.1, "momentum": 0.9, "weightDecay": 0.01, "clipNorm": None}
    table = [[0.899, 2.198], [0.7572010, 2.27400200], [0.65382470, 2.33012980]]
    # A clip of .5 binds in most steps, one of 10 in none.
    hp = {"learningRate": 0.2, "momentum": 0.9, "weightDecay": 0.01, "clipNorm": 0.5}
    write(
        "sgd",
        golden=[golden(method, given, "sgd", table, torch_golden(torch_sgd(given)))],
        trajectories=[
            trajectory(method, "sgd", model, {**hp, "clipNorm": c}, name=f"{model}, clip {c}")
            for model, c in [("mlp", 0.5), ("mlp-no-bias", 10), ("conv", 10), ("attention", 0.5)]
        ],
        agreement={"torch.optim.SGD, 50 steps": against_torch(method, hp, "mlp", torch_sgd(hp))},
    )
