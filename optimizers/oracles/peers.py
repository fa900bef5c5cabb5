"""The same problems run by torch.optim and optax, to check an oracle against them."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import torch

from common import advance, clip, deviation
from models import MODELS, SEEDS
from problem import Problem

jax.config.update("jax_enable_x64", True)


class FixedGradients:
    """A problem whose gradients are given, whatever the parameters are."""

    def __init__(self, step, gradients):
        self.step, self.gradients = step, gradients

    def gradient(self, parameters):
        dtype = next(iter(parameters.values())).dtype
        return 0.0, {k: np.asarray(g, dtype) for k, g in self.gradients.items()}


GOLDEN_START = [1.0, 2.0]
GOLDEN_GRADIENTS = [[1.0, -2.0], [0.5, 1.0], [-0.25, 0.1]]


def golden(method, hp, name, specification=None, peer=None, evaluate=None):
    """Three steps from (1, 2) under given gradients, checked against the specification and a peer.

    peer: an optax transformation, or a list of its parameters after each step.
    """
    parameters = {"theta": np.array(GOLDEN_START)}
    state = method.init(None, parameters, hp)
    expected = []
    for t, g in enumerate(GOLDEN_GRADIENTS):
        parameters, state = method.step(FixedGradients(t, {"theta": g}), parameters, state, hp)
        seen = evaluate(state) if evaluate else parameters
        expected.append(seen["theta"].tolist())
    out = {
        "name": name,
        "start": GOLDEN_START,
        "gradients": GOLDEN_GRADIENTS,
        "hyperparameters": hp,
        "expected": expected,
    }
    words = [f"  {name:28s}"]
    if specification is not None:
        gap = float(np.max(np.abs(np.array(specification) - expected)))
        out["specificationDeviation"] = float(f"{gap:.1e}")
        words.append(f"specification {gap:.1e}{'' if gap < 5.1e-9 else '  CONTRADICTS'}")
    if peer is not None:
        path = peer if isinstance(peer, list) else optax_golden(peer)
        gap = float(np.max(np.abs(np.array(path) - expected)))
        out["peerDeviation"] = float(f"{gap:.1e}")
        words.append(f"peer {gap:.1e}")
    print(" ".join(words))
    return out


def optax_golden(transformation, evaluate=None):
    parameters = jnp.array(GOLDEN_START, jnp.float64)
    state = transformation.init(parameters)
    path = []
    for g in GOLDEN_GRADIENTS:
        updates, state = transformation.update(jnp.array(g, jnp.float64), state, parameters)
        parameters = optax.apply_updates(parameters, updates)
        path.append((evaluate(state, parameters) if evaluate else parameters).tolist())
    return path


def torch_golden(make):
    theta = torch.nn.Parameter(torch.tensor(GOLDEN_START, dtype=torch.float64))
    optimizer = make([theta])
    path = []
    for g in GOLDEN_GRADIENTS:
        theta.grad = torch.tensor(g, dtype=torch.float64)
        optimizer.step()
        path.append(theta.detach().tolist())
    return path


def against_torch(method, hp, model_name, make, steps=50):
    """Largest deviation from torch.optim over a run; `make(tensors)` returns the optimizer."""
    model = MODELS[model_name]
    parameters = model.initial(SEEDS[model_name])
    state = method.init(model, parameters, hp)
    tensors = {k: torch.nn.Parameter(torch.tensor(v)) for k, v in parameters.items()}
    optimizer = make(tensors)
    worst, injected = 0.0, {}
    for t in range(steps):
        theirs = {k: v.detach().numpy() for k, v in tensors.items()}
        _, grads = Problem(model, t, injected).gradient(theirs)
        for k, g in grads.items():
            tensors[k].grad = torch.tensor(g)
        if hp["clipNorm"] is not None:
            torch.nn.utils.clip_grad_norm_(tensors.values(), hp["clipNorm"])
        optimizer.step()
        parameters, state = advance(method, model, parameters, state, hp, t, injected)
        worst = max(worst, deviation({k: v.detach().numpy() for k, v in tensors.items()}, parameters))
    return worst


def against_optax(method, hp, model_name, transformation, steps=50, evaluate=None):
    """Largest deviation from an optax transformation over a run (our clip comes first)."""
    model = MODELS[model_name]
    parameters = model.initial(SEEDS[model_name])
    state = method.init(model, parameters, hp)
    theirs = {k: jnp.array(v) for k, v in parameters.items()}
    peer = transformation.init(theirs)
    worst = 0.0
    for t in range(steps):
        _, grads = Problem(model, t, {}).gradient({k: np.array(v) for k, v in theirs.items()})
        grads = {k: jnp.array(g) for k, g in clip(grads, hp["clipNorm"]).items()}
        updates, peer = transformation.update(grads, peer, theirs)
        theirs = optax.apply_updates(theirs, updates)
        parameters, state = advance(method, model, parameters, state, hp, t, {})
        seen = evaluate(peer, theirs) if evaluate else theirs
        worst = max(worst, deviation({k: np.array(v) for k, v in seen.items()}, parameters))
    return worst
