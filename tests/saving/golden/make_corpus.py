"""Make the corpus of this folder: models in every format that real Keras writes.

    KERAS_BACKEND=jax python make_corpus.py keras3    # Discretization needs tensorflow
    KERAS_BACKEND=tensorflow python make_corpus.py keras3_tensorflow
    KERAS_BACKEND=torch python make_corpus.py keras3_torch
    python make_corpus.py keras2                      # needs tf_keras

Each run writes one `corpus_<which>.tar.xz` of files `<model>.<ending>` and an
`arrays.npz` with `<model>/x<i>` and `<model>/p<i>`: inputs, and what the model makes of
them; for some `<model>/y0` and `<model>/w<i>`: targets, and the weights after five more
steps. One packed archive is a tenth of the files' size, as HDF5 is mostly padding.
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
STEPS = 5


def main(which):
    """Write one archive; `which` is the part of its name that says what is in it."""
    sys.path.insert(0, str(HERE.parents[2]))  # for `tests`
    folder = Path(tempfile.mkdtemp())
    arrays = keras2(folder) if which == "keras2" else keras3(folder, which)
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

    from tests.saving.golden.corpus_keras2 import models

    arrays = {}
    for name, model, arguments in models(keras, tf):
        inputs = inputs_of(name, model)
        model.compile(**arguments)
        train(model, inputs)
        for ending in (".keras", ".h5"):
            model.save(folder / f"{name}{ending}")
        model.save_weights(folder / f"{name}.weights.h5")
        model.save_weights(folder / f"{name}.legacy.h5")
        (folder / f"{name}.json").write_text(model.to_json())
        model.reset_states()
        arrays |= record(name, inputs, model.predict(inputs, verbose=0))
        if name.startswith("mlp"):
            arrays |= continued(name, model, inputs)
        print(name, flush=True)
    return arrays


def inputs_of(name, model):
    """Return one batch for a model's inputs, in their structure."""
    rng = np.random.default_rng(SEED)
    if len(model.inputs) > 1 and isinstance(model.input, dict):
        pairs = sorted(model.input.items())
        return {key: values_for(name, tensor, rng) for key, tensor in pairs}
    made = [values_for(name, tensor, rng) for tensor in model.inputs]
    if name == "masking":
        made[0][1, 2:] = 0.5
    return made if len(made) > 1 else made[0]


def values_for(name, tensor, rng):
    """Return values for one input: whole numbers or words where it reads such."""
    shape = (BATCH, *tensor.shape[1:])
    if "string" in str(tensor.dtype):
        return rng.choice(["a", "b", "a b", "c", "never"], shape)
    if "int" in str(tensor.dtype) or name.startswith("embedding"):
        return rng.integers(0, 5, shape).astype("int32")
    return rng.normal(size=shape).astype("float32")


def train(model, inputs):
    """Take one step, so that there is a state of the optimizer to save."""
    outputs = model.predict(inputs, verbose=0)
    rng = np.random.default_rng(SEED)
    targets = each(lambda p: rng.random(p.shape).astype("float32"), outputs)
    model.fit(inputs, targets, batch_size=BATCH, epochs=2, verbose=0)


def continued(name, model, inputs):
    """Return the targets of five more steps, and the weights after them."""
    targets = np.random.default_rng(SEED + 1).random((BATCH, 2)).astype("float32")
    targets /= targets.sum(axis=1, keepdims=True)  # else Keras 2 errs in crossentropy
    model.fit(inputs, targets, batch_size=BATCH, epochs=STEPS, verbose=0)
    weights = {f"{name}/w{i}": w for i, w in enumerate(model.get_weights())}
    return {f"{name}/y0": targets, **weights}


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


def keras3(folder, which):
    """Save models of Keras 3, and how their training goes on."""
    import keras

    from tests.saving.golden import corpus_keras3

    kinds = {
        "keras3": corpus_keras3.models,
        "keras3_tensorflow": corpus_keras3.models_of_tensorflow,
        "keras3_torch": corpus_keras3.models_of_torch,
    }
    arrays = {}
    for name, model, arguments in kinds[which](keras):
        arrays |= save_one(folder, name, model, arguments)
        print(name, flush=True)
    return arrays


def save_one(folder, name, model, arguments):
    """Save a model of Keras 3 in each format and return what is to be recorded."""
    inputs = inputs_of(name, model)
    if arguments is None:
        stir(model)
    else:
        model.compile(**arguments)
        train(model, inputs)
    model.save(folder / f"{name}.keras")
    save_h5(model, folder / f"{name}.h5")
    model.save_weights(folder / f"{name}.weights.h5")
    if name == "words":
        model.save_weights(folder / f"{name}.weights.json", max_shard_size=2e-7)
    (folder / f"{name}.json").write_text(model.to_json())
    arrays = record(name, inputs, predicted(model, inputs))
    if name.startswith("mlp"):
        arrays |= continued(name, model, inputs)
    return arrays


def save_h5(model, path):
    """Save a model as .h5 if Keras can."""
    try:
        model.save(path)
    except (TypeError, ValueError) as error:
        path.unlink(missing_ok=True)
        print(f"no {path.name}: {error}")


def predicted(model, inputs):
    """Return a model's outputs as arrays; text is not for `predict`."""
    if any("string" in str(tensor.dtype) for tensor in model.inputs):
        return each(np.asarray, model(inputs))
    return model.predict(inputs, verbose=0, batch_size=BATCH)


def stir(model):
    """Give weights values that tell them apart, biases too."""
    rng = np.random.default_rng(SEED)
    for weight in model.weights:
        value = np.asarray(weight)
        # Normalization works with copies of its own statistics
        if value.dtype.kind == "f" and weight.name not in ("mean", "variance"):
            weight.assign(value + rng.random(value.shape).astype(value.dtype) / 4)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1])
