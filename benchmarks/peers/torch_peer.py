"""Raw PyTorch, eager: modules, an optimizer, a loop.

Batches are rows of a tensor that lies on the device: a `DataLoader` would cost more
than the step. The optimizer is the fused one, PyTorch's fastest. On a GPU images and
kernels lie with their channels last, and convolutions may use TF32, as by default.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from benchmarks import stacks
from benchmarks.cases import Case
from benchmarks.peers import torch_layers
from benchmarks.samples import Data

_OPTIMIZERS = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}


class _Loop:
    def __init__(
        self, case: Case, data: Data, device: torch.device, compiled: bool
    ) -> None:
        torch.manual_seed(0)
        self._device = device
        model = torch_layers.build(case.stack, case.input_shape)
        torch_layers.initialize(model)
        self._form = torch.contiguous_format
        if device.type == "cuda" and len(case.input_shape) == 3:
            self._form = torch.channels_last
            model.to(memory_format=self._form)
        self._optimizer = _OPTIMIZERS[case.optimizer](
            model.to(device).parameters(), lr=case.learning_rate, fused=True
        )
        self._model = torch.compile(model) if compiled else model
        self._moved = any(isinstance(part, stacks.Conv) for part in case.stack)
        self._x = self._on_device(data.x).contiguous(memory_format=self._form)
        self._labels = torch.from_numpy(data.labels).to(device)
        self._batch_size = case.batch_size

    def _on_device(self, x: np.ndarray) -> torch.Tensor:
        """Return a tensor; where there are convolutions, with the channels first."""
        tensor = torch.from_numpy(x).to(self._device)
        return tensor.movedim(-1, 1) if self._moved else tensor

    def fit(self, num_samples: int | None = None) -> float:
        self._model.train()
        order = torch.randperm(len(self._x), device=self._device)[:num_samples]
        batches = order.split(self._batch_size)
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
    def evaluate(self) -> float:
        self._model.eval()
        x, labels = (t.split(self._batch_size) for t in (self._x, self._labels))
        total, correct = torch.zeros(()), 0
        for batch, targets in zip(x, labels, strict=True):
            logits = self._model(batch)
            total = total + cross_entropy(logits, targets)
            correct = correct + (logits.argmax(dim=1) == targets).sum()
        return total.item() / len(x)

    @torch.inference_mode()
    def predict(self, x: np.ndarray) -> np.ndarray:
        self._model.eval()
        return self._model(self._on_device(x)).softmax(dim=1).cpu().numpy()


def make(case: Case, data: Data, device: str, compiled: bool = False) -> _Loop:
    """Return the training loop."""
    place = torch.device("cuda" if device == "gpu" else "cpu")
    return _Loop(case, data, place, compiled)
