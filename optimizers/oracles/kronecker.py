"""Kronecker factors of a layer, as K-FAC, FOOF and EKFAC need them.

An embedding is a linear layer with one-hot inputs: its A is diagonal, kept as a vector.
"""

import math

import numpy as np


def diagonal_input(layer):
    return layer.kind == "embedding"


def input_factor(layer, h, divisor):
    """A = h^T h / divisor, [dIn, dIn]; embedding: count / divisor, [entries]."""
    return (h.sum(0) if diagonal_input(layer) else h.T @ h) / divisor


def output_factor(e, divisor):
    """B = e^T e / divisor, [dOut, dOut]."""
    return e.T @ e / divisor


def average(state, name, value, hp, corrected=True):
    """Takes a batch's value into state[name]; returns the estimate now.

    "batch": the value. "ema": S <- (1 - rho) S + rho * value from zero, divided by
    1 - (1 - rho)^updates where `corrected`.
    """
    state[f"{name}.updates"] = state.get(f"{name}.updates", 0) + 1
    if hp["statistics"] == "batch":
        state[name] = value
    else:
        state[name] = (1 - hp["emaRate"]) * state[name] + hp["emaRate"] * value
    return estimate(state, name, hp, corrected)


def estimate(state, name, hp, corrected=True):
    if hp["statistics"] == "batch" or not corrected or not state[f"{name}.updates"]:
        return state[name]
    return state[name] / (1 - (1 - hp["emaRate"]) ** state[f"{name}.updates"])


def trace(factor):
    return float(factor.sum() if factor.ndim == 1 else np.trace(factor))


def damped_inverse(factor, ridge):
    """(S + ridge * I)^-1; of a diagonal, elementwise."""
    if factor.ndim == 1:
        return 1 / (factor + ridge)
    inverse = np.linalg.inv(factor + ridge * np.eye(len(factor), dtype=factor.dtype))
    return (inverse + inverse.T) / 2


def factored_damping(a, b, damping):
    """(lambda_A, lambda_B): root damping, shared out by the factors' mean eigenvalues."""
    mean_a, mean_b = trace(a) / len(a), trace(b) / len(b)
    if mean_a <= 0 or mean_b <= 0 or not math.isfinite(mean_a / mean_b):
        return damping, damping
    pi = math.sqrt(mean_a / mean_b)
    return max(math.sqrt(damping) * pi, 1e-7), max(math.sqrt(damping) / pi, 1e-7)


def times(inverse, g):
    """Left factor times [dIn, dOut]; a diagonal one as a vector."""
    return inverse[:, None] * g if inverse.ndim == 1 else inverse @ g


def zero_factors(model, parameters):
    """A and B of every layer, zero, with their counters."""
    state = {}
    dtype = next(iter(parameters.values())).dtype
    for layer in model.layers:
        shape = (layer.d_in,) if diagonal_input(layer) else (layer.d_in, layer.d_in)
        state[f"{layer.name}.A"] = np.zeros(shape, dtype)
        state[f"{layer.name}.B"] = np.zeros((layer.d_out, layer.d_out), dtype)
        state[f"{layer.name}.A.updates"] = state[f"{layer.name}.B.updates"] = 0
    return state


def due(problem, interval):
    return problem.step % interval == 0
