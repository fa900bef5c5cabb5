"""Schedule-Free (Defazio et al. 2024, arXiv 2405.15682): x is evaluated, y trained, z moves.

eta_t = eta min(1, (t + 1) / warmup);  weight = (largest eta_t so far)^2;  c = weight / sum of weights
AdamW: z <- z - eta_t w y;  v <- b2 v + (1 - b2) g^2;  z <- z - eta_t g / (sqrt(v / (1 - b2^t)) + eps)
SGD:   z <- z - eta_t (g + w y)
x <- (1 - c) x + c z;  y <- b x + (1 - b) z                     g: clipped gradient at y
"""

import math
from types import SimpleNamespace

import numpy as np
import optax
from optax import contrib

from common import clip, trajectory, write
from peers import FixedGradients, against_optax, golden, optax_golden


def init(model, parameters, hp):
    state = {"t": 0, "weightSum": 0.0, "largestRate": 0.0}
    for k, v in parameters.items():
        state[f"{k}.x"], state[f"{k}.z"] = v.copy(), v.copy()
        if "beta2" in hp:
            state[f"{k}.v"] = np.zeros_like(v)
    return state


def step(problem, parameters, state, hp):
    """AdamW where hp has beta2, else SGD; `parameters` is y."""
    _, grads = problem.gradient(parameters)
    t, warmup = state["t"] + 1, hp.get("warmupSteps", 0)
    rate = hp["learningRate"] * (min(1.0, t / warmup) if warmup else 1.0)
    largest = max(rate, state["largestRate"])
    total = state["weightSum"] + largest**2
    c, beta = largest**2 / total, hp["beta1"]
    new, moved = {}, {"t": t, "weightSum": total, "largestRate": largest}
    for k, g in clip(grads, hp["clipNorm"]).items():
        y = parameters[k]
        z = state[f"{k}.z"] - rate * hp["weightDecay"] * y
        if "beta2" in hp:
            v = hp["beta2"] * state[f"{k}.v"] + (1 - hp["beta2"]) * g * g
            g = g / (np.sqrt(v) / math.sqrt(1 - hp["beta2"] ** t) + hp["epsilon"])
            moved[f"{k}.v"] = v
        z = z - rate * g
        x = (1 - c) * state[f"{k}.x"] + c * z
        new[k], moved[f"{k}.x"], moved[f"{k}.z"] = beta * x + (1 - beta) * z, x, z
    return new, moved


def evaluated(state):
    return {k.removesuffix(".x"): v for k, v in state.items() if k.endswith(".x")}


METHOD = SimpleNamespace(init=init, step=step)


def optax_peer(hp):
    """(transformation on y, function of its state giving x)."""
    rate = hp["learningRate"]
    if "beta2" in hp:
        peer = contrib.schedule_free_adamw(
            rate, b1=hp["beta1"], b2=hp["beta2"], eps=hp["epsilon"], weight_decay=hp["weightDecay"]
        )
    else:
        base = optax.chain(optax.add_decayed_weights(hp["weightDecay"]), optax.sgd(rate))
        peer = contrib.schedule_free(base, rate, b1=hp["beta1"])
    return peer


def against(hp):
    return against_optax(METHOD, hp, "mlp", optax_peer(hp))


def x_is_the_mean_of_z():
    """Constant rate: x_t = (z_1 + ... + z_t) / t."""
    random = np.random.default_rng(91)
    hp = {"learningRate": 0.3, "beta1": 0.9, "weightDecay": 0.01, "clipNorm": None}
    parameters = {"theta": random.standard_normal(4)}
    state, seen = init(None, parameters, hp), []
    for t in range(20):
        g = {"theta": random.standard_normal(4)}
        parameters, state = step(FixedGradients(t, g), parameters, state, hp)
        seen.append(state["theta.z"])
    return float(np.max(np.abs(np.mean(seen, axis=0) - state["theta.x"])))


SGD = {"learningRate": 0.5, "beta1": 0.9, "weightDecay": 0.01, "clipNorm": 10}
ADAMW = {**SGD, "learningRate": 0.05, "beta2": 0.999, "epsilon": 1e-8}

if __name__ == "__main__":
    adamw = {**ADAMW, "learningRate": 0.1, "clipNorm": None}
    sgd = {**SGD, "learningRate": 0.1, "clipNorm": None}
    table_adamw = [[0.899, 2.098], [0.86692298, 2.06532348], [0.86854605, 2.05116351]]
    table_sgd = [[0.899, 2.198], [0.8735505, 2.146901], [0.87311033, 2.12582074]]

    def peer(hp):
        return optax_golden(optax_peer(hp), lambda state, y: contrib.schedule_free_eval_params(state, y))

    runs = [
        ("sf-adamw", "mlp", ADAMW),
        ("sf-adamw", "conv", {**ADAMW, "warmupSteps": 10}),
        ("sf-adamw", "attention", {**ADAMW, "epsilon": 1e-3}),
        ("sf-sgd", "mlp", SGD),
        ("sf-sgd", "conv", {**SGD, "warmupSteps": 10}),
    ]
    agreement = {
        "optax.contrib.schedule_free_adamw, 50 steps": against(ADAMW),
        "optax.contrib.schedule_free of SGD, 50 steps": against(SGD),
        "x is the mean of z": x_is_the_mean_of_z(),
    }
    write(
        "schedule-free",
        notes=[
            "parameters, after: y, where training happens; freeRun.evaluated and golden: x",
            "attention runs at epsilon 1e-3: the gradient of the key bias is exactly zero",
        ],
        golden=[
            golden(METHOD, adamw, "sf-adamw", table_adamw, peer(adamw), evaluated),
            golden(METHOD, sgd, "sf-sgd", table_sgd, peer(sgd), evaluated),
        ],
        trajectories=[
            trajectory(
                METHOD,
                id,
                model,
                hp,
                name=f"{id}, {model}",
                evaluate=evaluated,
                checkpoints=(0, 1, 10, 49) if model == "mlp" else (0, 1, 10),
            )
            for id, model, hp in runs
        ],
        agreement=agreement,
    )
    print(agreement)
