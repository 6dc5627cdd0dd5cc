"""Raw PyTorch with the model compiled (`torch.compile`), in the eager one's loop."""

from __future__ import annotations

from typing import Any

from benchmarks.cases import Case
from benchmarks.peers import torch_peer
from benchmarks.samples import Data


def make(case: Case, data: Data, device: str) -> Any:
    """Return the training loop; the first step compiles."""
    return torch_peer.make(case, data, device, compiled=True)
