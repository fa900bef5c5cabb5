"""Writes gpt.json: a small GPT-2, with a head of its own (minGPT) and with the tied one (GPT-2).

    pip install torch numpy && python suite/nn/oracles/gpt.py

Written from the papers' definition: learned positions, normalisation before each branch, GELU by
tanh, masked attention composed of plain operations. The tied model stores its weights as the public
checkpoint does, `[dIn, dOut]`.
"""

import math

import torch
from torch import nn

from seeded import fill, oracle, write

torch.set_default_dtype(torch.float64)

VOCABULARY, BLOCK, WIDTH, LAYERS, HEADS = 7, 6, 8, 2, 2


class Conv1D(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(d_in, d_out))
        self.bias = nn.Parameter(torch.zeros(d_out))

    def forward(self, x):
        return x @ self.weight + self.bias


class Attention(nn.Module):
    def __init__(self, linear):
        super().__init__()
        self.c_attn = linear(WIDTH, 3 * WIDTH)
        self.c_proj = linear(WIDTH, WIDTH)

    def forward(self, x):
        n, t, _ = x.shape
        q, k, v = (
            part.reshape(n, t, HEADS, WIDTH // HEADS).transpose(1, 2)
            for part in self.c_attn(x).split(WIDTH, dim=2)
        )
        scores = q @ k.transpose(2, 3) / math.sqrt(WIDTH // HEADS)
        visible = torch.tril(torch.ones(t, t)).bool()
        weights = scores.masked_fill(~visible, float("-inf")).softmax(-1)
        return self.c_proj((weights @ v).transpose(1, 2).reshape(n, t, WIDTH))


class Mlp(nn.Module):
    def __init__(self, linear):
        super().__init__()
        self.c_fc = linear(WIDTH, 4 * WIDTH)
        self.c_proj = linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        h = self.c_fc(x)
        inner = math.sqrt(2 / math.pi) * (h + 0.044715 * h**3)
        return self.c_proj(0.5 * h * (1 + torch.tanh(inner)))


class Block(nn.Module):
    def __init__(self, linear):
        super().__init__()
        self.ln_1 = nn.LayerNorm(WIDTH)
        self.attn = Attention(linear)
        self.ln_2 = nn.LayerNorm(WIDTH)
        self.mlp = Mlp(linear)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, linear):
        super().__init__()
        self.wte = nn.Embedding(VOCABULARY, WIDTH)
        self.wpe = nn.Embedding(BLOCK, WIDTH)
        self.h = nn.ModuleList(Block(linear) for _ in range(LAYERS))
        self.ln_f = nn.LayerNorm(WIDTH)

    def forward(self, ids):
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
        for block in self.h:
            x = block(x)
        return self.ln_f(x)


class Untied(nn.Module):
    def __init__(self):
        super().__init__()
        self.transformer = Transformer(nn.Linear)
        self.lm_head = nn.Linear(WIDTH, VOCABULARY, bias=False)

    def forward(self, ids):
        return self.lm_head(self.transformer(ids))


def mean_loss(module, logits_of):
    fill(module.state_dict())
    ids = torch.tensor([[3, 1, 3, 0, 6], [0, 4, 1, 1, 2]])
    labels = torch.tensor([[1, 3, 0, 6, 2], [4, 1, 1, 2, 5]])
    return {**oracle(module, logits_of, ids, labels, smoothing=0.0), "ids": ids.reshape(-1).tolist()}


untied = Untied()
tied = Transformer(Conv1D)
write(
    __file__,
    {
        "size": {"layers": LAYERS, "heads": HEADS, "width": WIDTH, "vocabulary": VOCABULARY, "block": BLOCK},
        "untied": mean_loss(untied, untied),
        "tied": mean_loss(tied, lambda ids: tied(ids) @ tied.wte.weight.T),
    },
)
