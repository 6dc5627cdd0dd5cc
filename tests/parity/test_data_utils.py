"""Host-side utilities and the handling of data, against real Keras."""

import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="the parity extra is not installed")
jax = pytest.importorskip("jax", reason="the parity extra is not installed")

from kerasish import utils
from kerasish.training.data import make_adapter, train_validation_split


def spying_model(seen):
    """A Keras model that notes the batches it is trained on."""

    class Spy(keras.Model):
        def build(self, shape):
            self.scale = self.add_weight(shape=(1,), name="scale")

        def call(self, x):
            return self.scale * 1.0

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **_):
            parts = {"x": x, "y": y, "sample_weight": sample_weight}
            if not isinstance(x, jax.core.Tracer):  # Keras traces once, to build
                present = {k: v for k, v in parts.items() if v is not None}
                # what the device sees: JAX makes 64 bits 32
                on_device = jax.tree_util.tree_map(jax.numpy.asarray, present)
                seen.append({k: np.asarray(v) for k, v in on_device.items()})
            return keras.ops.sum(self.scale)

    model = Spy()
    model.build((None, 2))
    model.compile("sgd", run_eagerly=True)
    return model


def keras_batches(x, y, **options):
    seen = []
    spying_model(seen).fit(x, y, verbose=0, shuffle=False, **options)
    return seen


def our_batches(x, y, epochs=1, steps_per_epoch=None, **options):
    adapter = make_adapter(x, y, steps=steps_per_epoch, **options)
    names = [spec.name for spec in adapter.structure.specs]
    return [
        dict(zip(names, batch.arrays(), strict=True))
        for _ in range(epochs)
        for batch in adapter.epoch()
    ]


def assert_same(ours, theirs):
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert one.keys() == other.keys()
        for name, array in one.items():
            assert array.dtype == other[name].dtype
            np.testing.assert_array_equal(array, other[name])


X, LABELS = np.arange(20.0).reshape(10, 2), np.array([0, 1, 2, 1, 0, 0, 1, 2, 1, 0])


@pytest.mark.parametrize(
    "dtype", ["float64", "float32", "float16", "int64", "uint8", "int16", "uint64"]
)
def test_dtypes(dtype):
    arguments = X.astype(dtype), LABELS.astype(dtype)
    assert_same(our_batches(*arguments), keras_batches(*arguments))


@pytest.mark.filterwarnings("ignore:(?s).*Your input ran out of data")
@pytest.mark.parametrize("steps", [None, 1, 2, 3, 5])
def test_steps_per_epoch(steps):
    options = {"batch_size": 4, "steps_per_epoch": steps, "epochs": 4}
    ours, theirs = (
        our_batches(X, LABELS, **options),
        keras_batches(X, LABELS, **options),
    )
    assert_same(ours, theirs)


@pytest.mark.parametrize("y", [LABELS, LABELS[:, None], np.eye(3)[LABELS]])
@pytest.mark.parametrize("weights", [{0: 1.0, 1: 2.0, 2: 3.0}, {1: 5.0}, {}])
def test_class_weight(y, weights):
    options = {"class_weight": weights}
    assert_same(our_batches(X, y, **options), keras_batches(X, y, **options))


def test_frames():
    pandas = pytest.importorskip("pandas", reason="pandas (extra: test)")
    frame = pandas.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5]})
    arguments = frame, frame["a"]
    assert_same(our_batches(*arguments), keras_batches(*arguments))


def test_validation_split():
    for fraction in (0.1, 0.15, 0.2, 0.3, 1 / 3, 0.5, 0.7):
        (train,), _ = train_validation_split((X,), fraction)
        (theirs,) = keras_batches(X, LABELS, validation_split=fraction)[:1]
        np.testing.assert_array_equal(train, theirs["x"])


@pytest.mark.parametrize(
    ("x", "num_classes"),
    [([0, 2, 1], None), ([[0], [1]], 3), ([[0, 1], [1, 2]], None), (3, None), ([], 2)],
)
def test_to_categorical(x, num_classes):
    x = np.asarray(x, dtype="int32")
    theirs = keras.utils.to_categorical(x, num_classes)
    ours = utils.to_categorical(x, num_classes)
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("order", [1, 2, 3, np.inf])
def test_normalize(order, rng):
    for x in (rng.normal(size=(3, 4)), np.zeros((2, 2)), rng.normal(size=3)):
        theirs = keras.utils.normalize(x, order=order)
        np.testing.assert_allclose(utils.normalize(x, order=order), theirs, rtol=1e-14)


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("maxlen", [None, 1, 2, 5])
def test_pad_sequences(padding, truncating, maxlen):
    options = {"padding": padding, "truncating": truncating, "maxlen": maxlen}
    for sequences in ([[1], [2, 3], [4, 5, 6]], [[[1, 2]], [[3, 4], [5, 6]], []]):
        theirs = keras.utils.pad_sequences(sequences, **options)
        ours = utils.pad_sequences(sequences, **options)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


def test_packing():
    a, b, c = "abc"
    for data in ((a,), ([a, b],), (a, b), (a, None, c), (a, b, c)):
        theirs = keras.utils.pack_x_y_sample_weight(*data)
        assert utils.pack_x_y_sample_weight(*data) == theirs
        unpacked = keras.utils.unpack_x_y_sample_weight(theirs)
        assert utils.unpack_x_y_sample_weight(theirs) == tuple(unpacked)
