"""Make the corpus of this folder: models in every format that real Keras writes.

    KERAS_BACKEND=jax python make_corpus.py keras3     # needs keras and jax
    python make_corpus.py keras2                       # needs tensorflow and tf_keras

Each run writes one `corpus_<which>.tar.xz` of files `<model>.<ending>` and an
`arrays.npz` with `<model>/x<i>` and `<model>/p<i>`: inputs, and the model's outputs. One
packed archive is a tenth of the files' size, as HDF5 is mostly padding.
"""

import io
import os
import sys
import tarfile
import tempfile
import warnings
from pathlib import Path

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "jax")  # before anything imports Keras

HERE = Path(__file__).parent
BATCH = 4
SEED = 5


def main(which):
    """Write one archive; `which` is "keras2" or "keras3"."""
    folder = Path(tempfile.mkdtemp())
    arrays = {"keras2": keras2, "keras3": keras3}[which](folder)
    np.savez(folder / "arrays.npz", **arrays)
    pack(folder, HERE / f"corpus_{which}.tar.xz")


def pack(folder, target):
    """Pack a folder's files; times and owners are left out, so that runs agree."""
    with tarfile.open(target, "w:xz", preset=9) as archive:
        for path in sorted(folder.iterdir()):
            entry = tarfile.TarInfo(path.name)
            entry.size = path.stat().st_size
            archive.addfile(entry, io.BytesIO(path.read_bytes()))
    print(target.name, f"{target.stat().st_size / 1e3:.0f} kB")


def keras2(folder):
    """Save the models of Keras 2, each after one step of training."""
    import tensorflow as tf
    import tf_keras as keras
    from corpus_keras2 import models

    arrays = {}
    for name, model, arguments in models(keras, tf):
        inputs = inputs_of(name, model.inputs)
        model.compile(**arguments)
        train(model, inputs)
        for ending in (".keras", ".h5"):
            model.save(folder / f"{name}{ending}")
        model.save_weights(folder / f"{name}.weights.h5")
        model.save_weights(folder / f"{name}.legacy.h5")
        (folder / f"{name}.json").write_text(model.to_json())
        arrays |= record(name, inputs, model.predict(inputs, verbose=0))
        print(name, flush=True)
    return arrays


def inputs_of(name, tensors):
    """Return one batch for a model's inputs: whole numbers where it reads numbers."""
    rng = np.random.default_rng(SEED)
    made = []
    for tensor in tensors:
        shape = (BATCH, *tensor.shape[1:])
        words = "int" in str(tensor.dtype) or name.startswith("embedding")
        made.append(
            rng.integers(0, 7, shape).astype("int32")
            if words
            else rng.normal(size=shape).astype("float32")
        )
    if name == "masking":
        made[0][1, 2:] = 0.5
    if name == "dictionaries":
        return dict(zip("ab", made, strict=True))
    return made if len(made) > 1 else made[0]


def train(model, inputs):
    """Take one step, so that there is a state of the optimizer to save."""
    outputs = model.predict(inputs, verbose=0)
    rng = np.random.default_rng(SEED)
    targets = each(lambda p: rng.random(p.shape).astype("float32"), outputs)
    model.fit(inputs, targets, batch_size=BATCH, epochs=2, verbose=0)


def each(function, outputs):
    """Apply a function to every array of a model's outputs."""
    if isinstance(outputs, dict):
        return {key: function(value) for key, value in outputs.items()}
    if isinstance(outputs, (list, tuple)):
        return [function(value) for value in outputs]
    return function(outputs)


def flat(values):
    """Return arrays as a list."""
    if isinstance(values, dict):
        return [values[key] for key in sorted(values)]
    return list(values) if isinstance(values, (list, tuple)) else [values]


def record(name, inputs, outputs):
    """Return a model's inputs and outputs under the names they are stored by."""
    pairs = {f"{name}/x{i}": x for i, x in enumerate(flat(inputs))}
    return pairs | {f"{name}/p{i}": p for i, p in enumerate(flat(outputs))}


def keras3(folder):
    """Save models of Keras 3 that hold every layer, and how their training goes on."""
    raise SystemExit("not here")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1])
