"""The loss on one step's batch, and all that an optimizer may ask about it."""

import numpy as np
import torch

from models import BATCH, BATCHES, Taps, data

torch.set_num_threads(1)


class Problem:
    """The loss on one step's batch, and what may be asked about it."""

    def __init__(self, model, step, injected):
        self.model, self.step, self.injected = model, step, injected
        inputs, labels = data(model)
        batch = slice(BATCH * (step % BATCHES), BATCH * (step % BATCHES + 1))
        self.inputs, self.labels = inputs[batch], labels[batch]
        self.n = BATCH  # examples
        self.terms = self.labels.size  # N: terms that the mean loss averages

    def forward(self, parameters):
        tensors = {k: torch.tensor(v, requires_grad=True) for k, v in parameters.items()}
        inputs = torch.from_numpy(np.ascontiguousarray(self.inputs))
        if not self.model.tokens:
            inputs = inputs.to(next(iter(tensors.values())).dtype)
        taps = Taps()
        return tensors, taps, self.model.forward(tensors, inputs, taps)

    def loss_sum(self, logits, labels, smoothing):
        """Sum over terms of the cross-entropy with targets (1 - s) * onehot + s / classes."""
        log_p = torch.log_softmax(logits, -1)
        targets = torch.from_numpy(labels.reshape(-1, 1))
        hit = log_p.gather(1, targets).sum()
        return -(1 - smoothing) * hit - smoothing / logits.shape[1] * log_p.sum()

    def gradient(self, parameters):
        """Training loss (a float) and its gradients: of the mean, label smoothing included."""
        tensors, _, logits = self.forward(parameters)
        loss = self.loss_sum(logits, self.labels, self.model.label_smoothing) / self.terms
        grads = torch.autograd.grad(loss, list(tensors.values()))
        return loss.item(), {k: g.numpy() for k, g in zip(tensors, grads)}

    def sampled_gradient(self, parameters):
        """Gradient of the mean negative log-likelihood of labels drawn from the model."""
        tensors, _, logits = self.forward(parameters)
        loss = self.loss_sum(logits, self.sampled_labels(logits), 0.0) / self.terms
        grads = torch.autograd.grad(loss, list(tensors.values()))
        return {k: g.numpy() for k, g in zip(tensors, grads)}

    def observe(self, parameters, labels):
        """Per layer (h [rows, dIn], e [rows, dOut]): inputs, gradients of the SUMMED loss.

        labels "true": the training loss, smoothing included; "sampled": the negative
        log-likelihood of one label per term drawn from softmax(logits).
        """
        _, taps, logits = self.forward(parameters)
        if labels == "true":
            loss = self.loss_sum(logits, self.labels, self.model.label_smoothing)
        else:
            loss = self.loss_sum(logits, self.sampled_labels(logits), 0.0)
        outputs = torch.autograd.grad(loss, list(taps.preactivations.values()))
        return {
            name: (taps.rows[name].detach().numpy(), e.numpy())
            for name, e in zip(taps.preactivations, outputs)
        }

    def preactivations(self, parameters):
        """Per layer z [rows, dOut]."""
        _, taps, _ = self.forward(parameters)
        return {name: z.detach().numpy() for name, z in taps.preactivations.items()}

    def sampled_labels(self, logits):
        """This step's draw; the first run (float64) draws by inverse CDF, later ones repeat it."""
        drawn = self.injected.setdefault("sampledLabels", {})
        if self.step not in drawn:
            uniforms = np.random.default_rng([7, self.step]).random(self.terms)
            cdf = np.cumsum(torch.softmax(logits, -1).detach().numpy(), axis=1)
            labels = (uniforms[:, None] > cdf / cdf[:, -1:]).sum(axis=1)
            drawn[self.step] = labels.reshape(self.labels.shape)
        return drawn[self.step]

    def probe(self, like):
        """This step's probe v, a vector per parameter in `like`: the bank's, in turn."""
        bank = self.injected["probes"]
        dtype = next(iter(like.values())).dtype
        return {k: v.astype(dtype) for k, v in bank[self.step % len(bank)].items()}

    def hessian_vector(self, parameters, v):
        """Hv of the training loss (mean, smoothing included); parameters not in v have v = 0."""
        tensors, _, logits = self.forward(parameters)
        loss = self.loss_sum(logits, self.labels, self.model.label_smoothing) / self.terms
        chosen = [tensors[k] for k in v]
        grads = torch.autograd.grad(loss, chosen, create_graph=True)
        dot = sum((g * torch.from_numpy(v[k])).sum() for g, k in zip(grads, v))
        return {k: h.numpy() for k, h in zip(v, torch.autograd.grad(dot, chosen))}
