"""SNGM (Zhao et al. 2020, arXiv 2007.13985): momentum SGD on the gradient's direction.

g <- g / |g|, the norm over all parameters;  g <- g + w * theta;  b <- mu * b + g;  theta <- theta - eta * b
The clip before it changes no direction. In the paper w * theta is part of what is normalized.
"""

import sys

import optax

from common import global_norm, momentum_state, pipeline, trajectory, write
from peers import against_optax, golden


def init(model, parameters, hp):
    return momentum_state(parameters)


def step(problem, parameters, state, hp):
    _, grads = problem.gradient(parameters)
    norm = global_norm(grads)
    return pipeline(parameters, {k: g / norm for k, g in grads.items()}, state, {**hp, "clipNorm": None})


def peer(hp):
    return optax.chain(
        optax.normalize_by_update_norm(eps=0),
        optax.add_decayed_weights(hp["weightDecay"]),
        optax.trace(decay=hp["momentum"]),
        optax.scale(-hp["learningRate"]),
    )


if __name__ == "__main__":
    method = sys.modules[__name__]
    given = {"learningRate": 0.1, "momentum": 0.9, "weightDecay": 0.01, "clipNorm": None}
    hp = {"learningRate": 0.05, "momentum": 0.9, "weightDecay": 0.01, "clipNorm": 10}
    write(
        "sngm",
        golden=[golden(method, given, "sngm", peer=peer(given))],
        trajectories=[
            trajectory(method, "sngm", model, hp, name=model)
            for model in ("mlp", "mlp-no-bias", "conv", "attention")
        ],
        agreement={"optax, 50 steps": against_optax(method, hp, "mlp", peer(hp))},
    )
