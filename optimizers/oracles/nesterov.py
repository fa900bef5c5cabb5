"""SGD with Nesterov momentum, as torch.optim.SGD(nesterov=True).

g <- clip(g);  g <- g + w * theta;  b <- mu * b + g;  theta <- theta - eta * (g + mu * b)
"""

import sys

from common import clip, momentum_state, trajectory, write
from peers import against_torch, golden, torch_golden
from sgd import torch_sgd


def init(model, parameters, hp):
    return momentum_state(parameters)


def step(problem, parameters, state, hp):
    _, grads = problem.gradient(parameters)
    new, moved = {}, {}
    for k, g in clip(grads, hp["clipNorm"]).items():
        g = g + hp["weightDecay"] * parameters[k]
        b = hp["momentum"] * state[f"{k}.momentum"] + g
        moved[f"{k}.momentum"] = b
        new[k] = parameters[k] - hp["learningRate"] * (g + hp["momentum"] * b)
    return new, moved


if __name__ == "__main__":
    method = sys.modules[__name__]
    given = {"learningRate": 0.1, "momentum": 0.9, "weightDecay": 0.01, "clipNorm": None}
    table = [[0.8081, 2.3762], [0.62975461, 2.34206522], [0.56127452, 2.38003257]]
    hp = {"learningRate": 0.1, "momentum": 0.9, "weightDecay": 0.01, "clipNorm": 10}
    write(
        "nesterov",
        golden=[golden(method, given, "nesterov", table, torch_golden(torch_sgd(given, True)))],
        trajectories=[trajectory(method, "nesterov", model, hp, name=model) for model in ("mlp", "conv")],
        agreement={"torch.optim.SGD, 50 steps": against_torch(method, hp, "mlp", torch_sgd(hp, True))},
    )
