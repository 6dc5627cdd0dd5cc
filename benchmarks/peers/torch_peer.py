"""Raw PyTorch, eager: modules, an optimizer, a loop.

Batches are rows of a tensor that lies on the device: a `DataLoader` would cost more
than the step. The optimizer is the fused one, PyTorch's fastest.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from benchmarks.cases import Case, Data, initial_weights

_OPTIMIZERS = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}


def _model(case: Case) -> nn.Sequential:
    layers: list[nn.Module] = []
    for kernel, bias in initial_weights(case):
        linear = nn.Linear(*kernel.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(kernel.T))
            linear.bias.copy_(torch.from_numpy(bias))
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class _Loop:
    def __init__(self, case: Case, data: Data, device: torch.device) -> None:
        self._device = device
        self._model = _model(case).to(device)
        self._optimizer = _OPTIMIZERS[case.optimizer](
            self._model.parameters(), lr=case.learning_rate, fused=True
        )
        self._x = torch.from_numpy(data.x).to(device)
        self._labels = torch.from_numpy(data.labels).to(device)
        self._batch_size = case.batch_size
        torch.manual_seed(0)

    def fit(self) -> float:
        batches = torch.randperm(len(self._x), device=self._device).split(
            self._batch_size
        )
        total = torch.zeros((), device=self._device)
        correct = torch.zeros((), dtype=torch.int64, device=self._device)
        for rows in batches:
            loss, hits = self._step(self._x[rows], self._labels[rows])
            total += loss
            correct += hits
        return total.item() / len(batches)  # waits for the device

    def _step(
        self, x: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        logits = self._model(x)
        loss = cross_entropy(logits, labels)
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        with torch.no_grad():
            hits = (logits.argmax(dim=1) == labels).sum()
        return loss.detach(), hits

    @torch.inference_mode()
    def predict(self, sample: np.ndarray) -> np.ndarray:
        logits = self._model(torch.from_numpy(sample).to(self._device))
        return logits.softmax(dim=1).cpu().numpy()


def make(case: Case, data: Data, device: str) -> _Loop:
    """Return the training loop."""
    return _Loop(case, data, torch.device("cuda" if device == "gpu" else "cpu"))
