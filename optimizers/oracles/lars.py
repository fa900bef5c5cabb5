"""LARS (You et al. 2017, arXiv 1708.03888), norms of theta and g apart.

g <- clip(g);  l = c |theta| / (|g| + w |theta|);  b <- mu b + eta l (g + w theta);  theta <- theta - b
l = 1 where a norm is 0; biases and norm parameters: l = c, w = 0
"""

import sys

import numpy as np

from common import clip, momentum_state, trajectory, write
from lamb import norm
from models import is_norm
from peers import FixedGradients, golden


def init(model, parameters, hp):
    return momentum_state(parameters)


def step(problem, parameters, state, hp):
    _, grads = problem.gradient(parameters)
    new, moved = {}, {}
    for k, g in clip(grads, hp["clipNorm"]).items():
        theta, decay, rate = parameters[k], hp["weightDecay"], hp["trustCoefficient"]
        if k.endswith(".bias") or is_norm(k):
            decay = 0.0
        elif norm(theta) > 0 and norm(g) > 0:
            rate = rate * norm(theta) / (norm(g) + decay * norm(theta))
        else:
            rate = 1.0
        b = hp["momentum"] * state[f"{k}.momentum"]
        b = b + hp["learningRate"] * rate * (g + decay * theta)
        moved[f"{k}.momentum"], new[k] = b, theta - b
    return new, moved


def golden_zero(name, theta, gradients, hp):
    """A tensor that starts at zero: its first rate is 1."""
    parameters = {"theta": np.array(theta, np.float64)}
    state, expected = init(None, parameters, hp), []
    for t, g in enumerate(gradients):
        parameters, state = step(FixedGradients(t, {"theta": g}), parameters, state, hp)
        expected.append(parameters["theta"].tolist())
    return {"name": name, "start": theta, "gradients": gradients, "hyperparameters": hp, "expected": expected}


if __name__ == "__main__":
    method = sys.modules[__name__]
    given = {"learningRate": 1.0, "momentum": 0.9, "weightDecay": 0.01, "clipNorm": None}
    given["trustCoefficient"] = 0.001
    table = [[0.999, 2.0019604], [0.99709945, 2.00172357], [0.99722962, 2.00059006]]
    hp = {**given, "learningRate": 20, "clipNorm": 10}
    write(
        "lars",
        golden=[
            golden(method, given, "lars", table),
            golden_zero("from zero", [0, 0], [[0.01, -0.02], [0.005, 0.01]], given),
        ],
        trajectories=[
            trajectory(method, "lars", model, hp, name=model) for model in ("mlp", "conv", "attention")
        ],
    )
