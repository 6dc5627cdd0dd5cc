"""Recurrent layers against real Keras: training, masks, states, and files both ways."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish

# Real Keras, on JAX and NumPy 2, warns of its own conversions.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")

BOTH = (keras, kerasish)
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture(autouse=True)
def same_names():
    keras.utils.clear_session()


@pytest.fixture
def x(rng):
    return rng.normal(size=(6, 5, 3)).astype("float32")


MASK = np.arange(5) < np.array([5, 3, 1, 0, 4, 2])[:, None]
HOLES = np.array([[1, 0, 1, 0, 1], [0, 1, 1, 0, 1]] * 3, bool)


def close(one, other):
    np.testing.assert_allclose(np.asarray(one), np.asarray(other), **TOLERANCE)


def flat(outputs):
    return keras.tree.flatten(outputs)


RECURRENT = {
    "LSTM": lambda k: k.layers.LSTM(4),
    "GRU": lambda k: k.layers.GRU(4),
    "GRU_reset_before": lambda k: k.layers.GRU(4, reset_after=False),
    "Bidirectional": lambda k: k.layers.Bidirectional(k.layers.LSTM(4)),
    "stack": lambda k: k.layers.RNN([k.layers.LSTMCell(4), k.layers.GRUCell(3)]),
}


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        *((name, False) for name in ("LSTM", "GRU", "GRU_reset_before", "stack")),
        *((name, True) for name in ("LSTM", "Bidirectional")),
    ],
)
def test_training_gives_the_same_weights(name, masked, rng):
    tokens = rng.integers(1, 8, (12, 5))
    if masked:
        tokens[np.arange(5) >= rng.integers(1, 6, 12)[:, None]] = 0
    y = rng.normal(size=(12, 1)).astype("float32")
    models = []
    for k in BOTH:
        model = k.Sequential(
            [
                k.layers.Input((None,), dtype="int32"),
                k.layers.Embedding(8, 3, mask_zero=masked),
                RECURRENT[name](k),
                k.layers.Dense(1),
            ]
        )
        model.compile(k.optimizers.Adam(0.01), "mse")
        models.append(model)
    models[1].set_weights(models[0].get_weights())
    losses = [
        model.fit(tokens, y, batch_size=4, epochs=3, shuffle=False, verbose=0).history
        for model in models
    ]
    np.testing.assert_allclose(losses[1]["loss"], losses[0]["loss"], rtol=1e-4)
    for theirs, ours in zip(*(m.get_weights() for m in models), strict=True):
        close(ours, theirs)


def pair(make, x):
    """Return Keras's layer and ours with the same weights."""
    theirs, ours = (make(k) for k in BOTH)
    theirs(x), ours(x)
    ours.set_weights(theirs.get_weights())
    return theirs, ours


FLAGS = {
    "last": {},
    "steps": {"return_sequences": True, "return_state": True},
    "zeros": {"return_sequences": True, "zero_output_for_mask": True},
    "backwards": {"return_sequences": True, "go_backwards": True},
    "unrolled": {"return_sequences": True, "unroll": True},
}


@pytest.mark.parametrize(
    ("kind", "flags"),
    [*(("LSTM", flags) for flags in FLAGS), ("GRU", "steps"), ("SimpleRNN", "zeros")],
)
def test_masks_and_initial_states(kind, flags, x, rng):
    theirs, ours = pair(lambda k: getattr(k.layers, kind)(4, **FLAGS[flags]), x)
    count = 2 if kind == "LSTM" else 1
    states = [rng.normal(size=(6, 4)).astype("float32") for _ in range(count)]
    for given in ({"mask": MASK}, {"mask": HOLES}, {"initial_state": states}):
        pairs = zip(flat(ours(x, **given)), flat(theirs(x, **given)), strict=True)
        for one, other in pairs:
            close(one, other)


@pytest.mark.parametrize(("mode", "steps"), [("concat", False), (None, True)])
def test_masks_of_both_directions(mode, steps, x):
    def make(k):
        inner = k.layers.GRU(4, return_sequences=steps)
        return k.layers.Bidirectional(inner, merge_mode=mode)

    theirs, ours = pair(make, x)
    for mask in (MASK, HOLES):
        found, expected = (flat(layer(x, mask=mask)) for layer in (ours, theirs))
        for one, other in zip(found, expected, strict=True):
            close(one, other)


def test_states_kept_between_batches(x):
    theirs, ours = pair(lambda k: k.layers.LSTM(4, stateful=True), x)
    for layer in (theirs, ours):
        layer.reset_state()
    for _ in range(3):
        close(ours(x), theirs(x))


def everything(k):
    """Return a model with a layer of each kind."""
    inputs = k.layers.Input((2, 3, 3, 2), name="images")
    maps = k.layers.ConvLSTM2D(
        2, 3, padding="same", return_sequences=True, name="maps"
    )(inputs)
    steps = k.layers.TimeDistributed(k.layers.Flatten(), name="flat")(maps)
    steps = k.layers.TimeDistributed(k.layers.Dense(5, name="inner"), name="each")(
        steps
    )
    steps = k.layers.Bidirectional(
        k.layers.LSTM(3, return_sequences=True), name="both"
    )(steps)
    cells = [k.layers.LSTMCell(4), k.layers.GRUCell(3)]
    steps = k.layers.RNN(cells, return_sequences=True, name="stack")(steps)
    steps, state = k.layers.GRU(
        4, return_sequences=True, return_state=True, name="gru"
    )(steps)
    outputs = k.layers.SimpleRNN(4, name="simple")(steps, initial_state=state)
    return k.Model(inputs, outputs, name="everything")


FILES = pytest.mark.parametrize("name", ["m.keras", "m.h5"])


@pytest.fixture
def images(rng):
    return rng.normal(size=(2, 2, 3, 3, 2)).astype("float32")


@FILES
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_files_go_both_ways(name, images, tmp_path):
    for writer, reader in (BOTH, BOTH[::-1]):
        model = everything(writer)
        path = tmp_path / f"{writer.__name__}_{name}"
        model.save(path)
        found = reader.saving.load_model(path, compile=False)
        for one, other in zip(found.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
        close(found.predict(images, verbose=0), model.predict(images, verbose=0))


def test_paths_in_a_model_are_theirs():
    theirs, ours = (everything(k) for k in BOTH)
    assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
