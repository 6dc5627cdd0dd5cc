"""The settings of all layers, by family: what the grid tests and golden files run over.

A family lists its settings in `grid_<family>.py`; nothing is written per layer.
"""

from tests.layers.samples import SAMPLES
from tests.parity import (
    grid_attention,
    grid_basic,
    grid_convolution,
    grid_preprocessing,
    grid_recurrent,
)

# family tables: GRID = {layer: [Sample, ...]}
GRID: dict[str, list] = {
    **{name: [sample] for name, sample in SAMPLES.items()},
    **grid_attention.GRID,
    **grid_basic.GRID,
    **grid_convolution.GRID,
    **grid_preprocessing.GRID,
    **grid_recurrent.GRID,
}
# layers whose training result is random, or is that of inference: inference only
RANDOM = {"Dropout", "SpatialDropout3D"}
ONE_MODE = {
    *RANDOM,
    *grid_attention.GRID,
    *grid_basic.ONE_MODE,
    *grid_convolution.GRID,
    *grid_preprocessing.GRID,
    *grid_recurrent.GRID,
}
CASES = {
    f"{name}-{i}-{training}": (name, sample, training)
    for name, samples in sorted(GRID.items())
    for i, sample in enumerate(samples)
    for training in ((False,) if name in ONE_MODE else (False, True))
}
