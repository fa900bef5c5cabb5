"""Writes mlp.json: a small multilayer perceptron without biases.

    pip install torch numpy && python tasks/mnist-mlp/oracles/mlp.py
"""

import pathlib
import sys

import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "suite/nn/oracles"))
from seeded import drawn, fill, oracle, write

torch.set_default_dtype(torch.float64)


class Mlp(nn.Module):
    def __init__(self, widths):
        super().__init__()
        pairs = zip(widths, widths[1:])
        self.layers = nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in pairs)

    def forward(self, x):
        *hidden, head = self.layers
        for layer in hidden:
            x = torch.relu(layer(x))
        return head(x)


model = Mlp([6, 5, 4, 3])
fill(model.state_dict())
write(__file__, oracle(model, model, drawn("input", [7, 6]), torch.tensor([0, 2, 1, 1, 0, 2, 2])))
