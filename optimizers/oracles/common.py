"""What every oracle shares: the SGD pipeline, trajectories, the JSON.

An optimizer is two functions:
    init(model, parameters, hp) -> state            dict: name -> array or Python number
    step(problem, parameters, state, hp) -> (parameters, state)
Both work in the dtype of the parameters they are given (float64: the oracle; float32: its copy,
which tells how far rounding alone carries a float32 implementation).
"""

import json
import math
import platform
from pathlib import Path

import numpy as np
import torch

from models import MODELS, SEEDS
from problem import Problem

HERE = Path(__file__).parent
DIGITS = 9  # significant digits of a trajectory's numbers: finer than float32
MLP_CHECKPOINTS = (0, 1, 2, 5, 10, 20, 49)
LARGE_CHECKPOINTS = (0, 1, 10, 49)


def global_norm(tensors):
    return math.sqrt(sum(float(np.sum(g * g)) for g in tensors.values()))


def clip(grads, limit):
    """g * min(1, c / (|g| + 1e-6)), the norm over all parameters; None: no clipping."""
    if limit is None:
        return grads
    factor = min(1.0, limit / (global_norm(grads) + 1e-6))
    return {k: g * factor for k, g in grads.items()}


def momentum_state(parameters):
    return {f"{k}.momentum": np.zeros_like(v) for k, v in parameters.items()}


def pipeline(parameters, directions, state, hp):
    """Steps 4 and 5 of the shared pipeline: clip, coupled decay, momentum, update."""
    directions = clip(directions, hp["clipNorm"])
    new, moved = {}, dict(state)
    for k, theta in parameters.items():
        g = directions[k] + hp["weightDecay"] * theta
        b = hp["momentum"] * state[f"{k}.momentum"] + g
        moved[f"{k}.momentum"] = b
        new[k] = theta - hp["learningRate"] * b
    return new, moved


def matrix(gradient):
    """A weight's gradient as [dIn, dOut]; a convolution's axes before the last fold."""
    return gradient.reshape(-1, gradient.shape[-1])


def homogeneous(layer, grads):
    """[dIn + 1, dOut]: the weight's gradient with the bias's as its last row."""
    g = matrix(grads[layer.weight])
    return np.vstack([g, grads[layer.bias_name][None]]) if layer.bias else g


def from_homogeneous(layer, g, grads):
    """Puts a [dIn (+ 1), dOut] matrix back into the gradients' shapes."""
    shape = grads[layer.weight].shape
    out = {layer.weight: g[: layer.d_in].reshape(shape)}
    if layer.bias:
        out[layer.bias_name] = g[layer.d_in]
    return out


def with_ones(h, layer):
    """h~ = [h, 1] where the layer has a bias."""
    return np.hstack([h, np.ones((len(h), 1), h.dtype)]) if layer.bias else h


def deviation(actual, expected, undetermined=None):
    """Largest over tensors of max|actual - expected| / max|expected|.

    undetermined: name -> (from, to), entries that rounding decides and nobody compares.
    """
    worst = 0.0
    for k, want in expected.items():
        got, want = np.asarray(actual[k], np.float64), np.asarray(want, np.float64)
        if undetermined and k in undetermined:
            keep = np.ones(len(want), bool)
            keep[slice(*undetermined[k])] = False
            got, want = got[keep], want[keep]
        if want.size:
            scale = float(np.max(np.abs(want))) or 1.0
            worst = max(worst, float(np.max(np.abs(got - want))) / scale)
    return worst


def cast(tensors, dtype):
    return {k: v.astype(dtype) if isinstance(v, np.ndarray) else v for k, v in tensors.items()}


def lean_copy(parameters, state):
    """A float32 copy of what the JSON holds."""
    return cast(rounded(parameters), np.float32), cast(rounded(state), np.float32)


def advance(method, model, parameters, state, hp, t, injected):
    dtype = next(iter(parameters.values())).dtype
    parameters, state = method.step(Problem(model, t, injected), parameters, state, hp)
    for k, v in {**parameters, **state}.items():
        assert not isinstance(v, np.ndarray) or v.dtype == dtype, f"{k} became {v.dtype}"
        assert np.all(np.isfinite(v)), f"{k} is not finite at step {t}"
    return parameters, state


def probe_bank(parameters, size, seed=11):
    """Normal probes, rounded to 1/16, one per step in turn."""
    random = np.random.default_rng(seed)
    return [
        {k: np.round(16 * random.standard_normal(v.shape)) / 16 for k, v in parameters.items()}
        for _ in range(size)
    ]


def trajectory(
    method,
    id,
    model_name,
    hp,
    *,
    name,
    steps=50,
    checkpoints=None,
    probes=None,
    evaluate=None,
    margin=None,
    undetermined=None,
    free_from=0,
):
    """Runs a method in float64 and float32 and returns what a test needs to check another one.

    probes: (bank size, names of the parameters probed) for methods that draw v.
    evaluate: state -> parameters, where a method evaluates elsewhere than it trains.
    margin: (problem, parameters, state, hp) -> how far, relative to the largest entry, the nearest
    entry is from changing its sign: below rounding, a method that takes signs has no one answer.
    free_from: the step from whose state the free run starts, where an earlier one is ill-posed;
    None: there is no free run.
    undetermined: entries not to be compared, name -> (from, to); the gradient of a key bias is zero.
    """
    model = MODELS[model_name]
    start = model.initial(SEEDS[model_name])
    if checkpoints is None:
        checkpoints = MLP_CHECKPOINTS if model_name.startswith("mlp") else LARGE_CHECKPOINTS
    checkpoints = [t for t in checkpoints if t < steps]
    injected = {}
    if probes:
        size, names = probes
        injected["probes"] = probe_bank({k: start[k] for k in names}, size)
    runs = {}
    for dtype in (np.float64, np.float32):
        parameters = cast(start, dtype)
        state = method.init(model, parameters, hp)
        path = runs[dtype] = [(parameters, state)]
        for t in range(steps):
            if dtype == np.float32 and t == free_from:
                parameters, state = lean_copy(*runs[np.float64][t])
            parameters, state = advance(method, model, parameters, state, hp, t, injected)
            path.append((parameters, state))
    path = runs[np.float64]
    saved = []
    for t in checkpoints:
        (parameters, state), (after, _) = path[t], path[t + 1]
        got, _ = advance(method, model, *lean_copy(parameters, state), hp, t, injected)
        mark = {
            "step": t,
            "parameters": parameters,
            "state": state,
            "after": after,
            "float32Error": deviation(got, after, undetermined),
        }
        if margin:
            mark["margin"] = margin(Problem(model, t, injected), parameters, state, hp)
        saved.append(mark)
    losses = [Problem(model, t, injected).gradient(path[t][0])[0] for t in range(steps)]
    pairs = zip(path[1:], runs[np.float32][1:])
    drift = [deviation(b[0], a[0], undetermined) for a, b in pairs]
    if free_from is not None:
        drift[:free_from] = [0.0] * free_from
    marks = [t for t in range(10, steps + 1, 10)] or [steps]
    out = {"name": name, "id": id, "model": model_name, "steps": steps, "hyperparameters": hp}
    if undetermined:
        out["undetermined"] = undetermined
    if "sampledLabels" in injected:
        drawn = injected["sampledLabels"]
        out["sampledLabels"] = {str(t): drawn[t] for t in sorted(drawn)}
    if probes:
        out["probes"] = injected["probes"]
    out["losses"] = losses
    out["checkpoints"] = saved
    if free_from is not None:
        out["freeRun"] = {
            "from": free_from,
            "parameters": {str(t): path[t][0] for t in marks},
            "float32Deviation": [float(f"{d:.2g}") for d in drift],
        }
        if evaluate:
            out["freeRun"]["evaluated"] = {str(t): evaluate(path[t][1]) for t in marks}
    print(
        f"  {name:28s} loss {losses[0]:.4f} -> {losses[-1]:.4f}  "
        f"step error {max(c['float32Error'] for c in saved):.1e}  drift {max(drift):.1e}  "
        f"{'margin %.0e  ' % min(c['margin'] for c in saved) if margin else ''}"
        f"move {deviation(path[1][0], path[0][0]):.1e}..{deviation(path[-1][0], path[-2][0]):.1e}"
    )
    return out


def rounded(tensors, digits=DIGITS):
    def round_one(v):
        if not isinstance(v, np.ndarray):
            return v
        flat = [float(f"{x:.{digits}g}") for x in v.ravel().tolist()]
        return np.array(flat, v.dtype).reshape(v.shape)

    return {k: round_one(v) for k, v in tensors.items()}


def encode(value, digits, depth=0):
    """Compact JSON: objects over several lines, arrays on one; numbers to `digits` digits."""
    if isinstance(value, dict):
        inner = [f"{json.dumps(k)}:{encode(v, digits, depth + 1)}" for k, v in value.items()]
        return "{" + ",\n".join(inner) + "}"
    if isinstance(value, np.ndarray):
        return encode(value.tolist(), digits)
    if isinstance(value, (list, tuple)):
        between = ",\n" if value and isinstance(value[0], dict) else ","
        return "[" + between.join(encode(v, digits, depth + 1) for v in value) + "]"
    if isinstance(value, (bool, str)) or value is None:
        return json.dumps(value)
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    number = float(f"{float(value):.{digits}g}")
    assert math.isfinite(number)
    if number == int(number) and abs(number) < 1e9:
        return str(int(number))
    return json.dumps(number)


def write(name, *, golden=(), trajectories=(), agreement=None, notes=()):
    """Writes <name>.json beside the generator."""
    versions = {"python": platform.python_version(), "numpy": np.__version__, "torch": torch.__version__}
    head = {
        "format": 1,
        "generator": f"{name}.py",
        "versions": versions,
        "notes": list(notes),
        "agreement": {k: float(f"{v:.1e}") for k, v in (agreement or {}).items()},
    }
    parts = [f"{json.dumps(k)}:{encode(v, 12)}" for k, v in head.items()]
    parts.append('"golden":' + encode(list(golden), 15))
    parts.append('"trajectories":' + encode(list(trajectories), DIGITS))
    text = "{" + ",\n".join(parts) + "}\n"
    json.loads(text)
    (HERE / f"{name}.json").write_text(text)
    print(f"  {name}.json {len(text) / 1000:.0f} kB")
