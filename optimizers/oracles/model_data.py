"""Writes models.json: the four models, their data and initial parameters, and checks of them.

`check` lets a test make sure that its own copy of a model is the same before it blames an
optimizer: loss, gradients, observations and a Hessian-vector product on the first batch.
"""

import numpy as np
import torch

from common import HERE, deviation, encode, probe_bank
from models import BATCH, BATCHES, MODELS, SEEDS, data, patches
from problem import Problem


def describe(model):
    parameters = model.initial(SEEDS[model.name])
    inputs, labels = data(model)
    injected = {}
    problem = Problem(model, 0, injected)
    loss, gradients = problem.gradient(parameters)
    probe = probe_bank(parameters, 1, seed=5)[0]
    product = problem.hessian_vector(parameters, probe)
    step = 1e-6
    ahead = problem.gradient({k: v + step * probe[k] for k, v in parameters.items()})[1]
    behind = problem.gradient({k: v - step * probe[k] for k, v in parameters.items()})[1]
    finite = {k: (ahead[k] - behind[k]) / (2 * step) for k in parameters}
    assert deviation(product, finite) < 1e-6
    true = problem.observe(parameters, "true")
    for layer in model.layers:
        h, e = true[layer.name]
        weight = gradients[layer.weight]
        assert np.allclose(h.T @ e / problem.terms, weight.reshape(-1, weight.shape[-1]), atol=1e-14)
    sampled = problem.observe(parameters, "sampled")
    return {
        "description": model.text,
        "layers": [
            {
                "name": layer.name,
                "kind": layer.kind,
                "dIn": layer.d_in,
                "dOut": layer.d_out,
                "bias": layer.bias,
                "place": layer.place,
            }
            for layer in model.layers
        ],
        "labelSmoothing": model.label_smoothing,
        "batchSize": BATCH,
        "terms": problem.terms,
        "parameters": parameters,
        "inputs": inputs,
        "labels": labels,
        "check": {
            "loss": loss,
            "gradients": gradients,
            "outputGradients": {k: e for k, (_, e) in true.items() if len(e) <= 32},
            "sampledLabels": injected["sampledLabels"][0],
            "sampledOutputGradients": {k: e for k, (_, e) in sampled.items() if len(e) <= 32},
            "probe": probe,
            "hessianVectorProduct": product,
        },
    }


def check_convolution():
    """Patches times weight is torch's own convolution."""
    random = torch.Generator().manual_seed(0)
    images = torch.randn(2, 4, 4, 2, generator=random, dtype=torch.float64)
    weight = torch.randn(3, 3, 2, 3, generator=random, dtype=torch.float64)
    ours = patches(images, 3, 1, 1) @ weight.reshape(18, 3)
    theirs = torch.nn.functional.conv2d(images.permute(0, 3, 1, 2), weight.permute(3, 2, 0, 1), padding=1)
    assert torch.allclose(ours, theirs.permute(0, 2, 3, 1), atol=1e-14)


if __name__ == "__main__":
    check_convolution()
    notes = [
        "step t trains on examples [batchSize * (t mod %d), + batchSize)" % BATCHES,
        "check: on the first batch at the initial parameters; output gradients are those of the SUMMED "
        "loss, [rows, dOut]; sampled ones of the unsmoothed loss on sampledLabels",
    ]
    body = {"format": 1, "generator": "model_data.py", "notes": notes}
    body["models"] = {name: describe(model) for name, model in MODELS.items()}
    text = encode(body, 10) + "\n"
    (HERE / "models.json").write_text(text)
    print(f"models.json {len(text) / 1000:.0f} kB")
