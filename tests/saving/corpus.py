"""The corpus of files that real Keras wrote, unpacked once."""

import io
import tarfile
from functools import cache
from pathlib import Path

import numpy as np

from tests.layers import samples

GOLDEN = Path(__file__).parent / "golden"


ARCHIVES = ("keras2", "keras3", "keras3_tensorflow", "keras3_torch")

samples.make("Lambda")  # registers the function that the corpus's Lambda calls


@cache
def members(which):
    """Return the files of one of `ARCHIVES` by name."""
    with tarfile.open(GOLDEN / f"corpus_{which}.tar.xz") as archive:
        return {m.name: archive.extractfile(m).read() for m in archive}


@cache
def arrays(which):
    """Return the recorded arrays of an archive by name."""
    with np.load(io.BytesIO(members(which)["arrays.npz"])) as held:
        return dict(held)


@cache
def names(which):
    """Return the names of the models in an archive."""
    return sorted({name.split("/")[0] for name in arrays(which)})


def files(*endings, of=ARCHIVES):
    """Return (archive, model, ending) of every file there is with such an ending."""
    return [
        (which, name, ending)
        for which in of
        for name in names(which)
        for ending in endings
        if name + ending in members(which)
    ]


def recorded(which, model, letter):
    """Return a model's inputs (letter "x") or outputs ("p") as a list."""
    held, found = arrays(which), []
    while (name := f"{model}/{letter}{len(found)}") in held:
        found.append(held[name])
    return found


def unpack(which, name, folder):
    """Write one file of an archive into a folder and return its path."""
    path = folder / name
    path.write_bytes(members(which)[name])
    return path


def flat(values):
    """Return a model's outputs as a list, those of a dictionary by their names."""
    if isinstance(values, dict):
        return [values[key] for key in sorted(values)]
    return list(values) if isinstance(values, (list, tuple)) else [values]


def fed(model, inputs):
    """Return recorded inputs in the structure a model takes them in."""
    if len(model.inputs) > 1 and isinstance(model.input, dict):
        return dict(zip(sorted(model.input), inputs, strict=True))
    return inputs if len(inputs) > 1 else inputs[0]


def assert_predicts(model, which, name, tolerance=1e-5):
    """Check that a model predicts what Keras recorded."""
    for layer in model.layers:
        if getattr(layer, "stateful", False):
            layer.reset_state()
    got = flat(model(fed(model, recorded(which, name, "x")), training=False))
    for one, p in zip(got, recorded(which, name, "p"), strict=True):
        np.testing.assert_allclose(
            np.asarray(one, p.dtype), p, rtol=tolerance, atol=tolerance
        )
