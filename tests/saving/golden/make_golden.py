"""Make the golden files of this folder: what real Keras wrote for one small model.

Run once with Keras 3 (`python make_golden.py keras`) and once with tf_keras, the code
line of Keras 2 (`python make_golden.py tf_keras`). Files are stored gzipped, as HDF5 is
mostly padding; `expected_*.npz` holds inputs and what the model makes of them.
"""

import gzip
import importlib
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
os.environ.setdefault("KERAS_BACKEND", "jax")  # before `main` imports Keras


def build(keras):
    """Return an uncompiled model with every layer of the first step."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.InputLayer(**shape_argument(keras)),
            layers.Flatten(name="flat"),
            layers.Dense(5, activation="relu", kernel_regularizer="l2", name="hidden"),
            layers.Dropout(0.25, seed=7),
            layers.Reshape((5, 1)),
            layers.Flatten(),
            layers.Dense(3, name="scores"),
            layers.Activation("softmax"),
        ],
        name="golden",
    )


def shape_argument(keras):
    return {"shape" if keras.__name__ == "keras" else "input_shape": (2, 3)}


def pack(path, name):
    with gzip.GzipFile(HERE / f"{name}.gz", "wb", mtime=0) as packed:
        packed.write(path.read_bytes())


def train(model, optimizer, x, y):
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=2, batch_size=4, verbose=0)


def save(model, name, folder):
    path = folder / name
    write = model.save_weights if "weights" in name else model.save
    write(path)
    pack(path, name)


def main(module, tag):
    keras = importlib.import_module(module)
    keras.utils.set_random_seed(3)
    rng = np.random.default_rng(3)
    x = rng.random((8, 2, 3), dtype="float32")
    y = np.arange(8) % 3
    model = build(keras)
    folder = Path(tempfile.mkdtemp())
    train(model, keras.optimizers.Adam(0.01), x, y)
    for name in (".keras", ".weights.h5", ".h5"):
        save(model, f"{tag}{name}", folder)
    arrays = {"x": x, "y": y, "p": model.predict(x, verbose=0)}
    if module == "tf_keras":
        save(model, "keras2_old_weights.h5", folder)
        train(model, keras.optimizers.legacy.Adam(0.01), x, y)
        save(model, "keras2_old_adam.h5", folder)
        arrays["p_old_adam"] = model.predict(x, verbose=0)
    np.savez(HERE / f"expected_{tag}.npz", **arrays)


if __name__ == "__main__":
    main(sys.argv[1], {"keras": "keras3", "tf_keras": "keras2"}[sys.argv[1]])
