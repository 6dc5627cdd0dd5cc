"""What fit, evaluate and predict answer to wrong input: got, expected, and the fix."""

import subprocess
import sys

import numpy as np
import pytest

import kerasish
from kerasish import layers
from kerasish.errors import DTypeError, ShapeError


@pytest.fixture
def data(rng):
    return rng.normal(size=(12, 4)).astype("float32"), np.arange(12) % 3


def classifier(loss="sparse_categorical_crossentropy", **compile_arguments):
    model = kerasish.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(5, activation="relu", name="hidden"),
            layers.Dense(3, activation="softmax", name="scores"),
        ]
    )
    model.compile("sgd", loss, **compile_arguments)
    return model


def message(error, use, *patterns):
    """Return nothing; assert that `use` raises `error` with all these texts."""
    with pytest.raises(error) as raised:
        use()
    text = str(raised.value)
    for pattern in patterns:
        assert pattern in text, f"no {pattern!r} in:\n{text}"


# shapes ---------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
def test_a_wrong_number_of_features_names_the_layer(data, method):
    x, y = data
    message(
        ShapeError,
        lambda: getattr(classifier(), method)(x[:, :3], y),
        "Dense 'hidden' cannot take this input.",
        "got:      shape (12, 3)",
        "expected: last axis of length 4, as the layer was built",
        "fix:",
    )


def test_x_and_y_of_different_lengths(data):
    x, y = data
    message(
        ShapeError,
        lambda: classifier().fit(x, y[:5], verbose=0),
        "x with 12 samples, y with 5 samples",
        "expected: the same number of samples",
        "fix:",
    )


def test_sample_weights_of_another_length(data):
    message(
        ShapeError,
        lambda: classifier().fit(*data, sample_weight=np.ones(5), verbose=0),
        "sample_weight with 5 samples",
    )


def test_sample_weights_of_another_shape(data):
    message(
        ShapeError,
        lambda: classifier().fit(*data, sample_weight=np.ones((12, 5)), verbose=0),
        "sample_weight does not fit",
        "got:      sample_weight of shape (12, 5), values of shape (12,)",
        "fix:",
    )


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
def test_empty_data(data, method):
    x, y = data
    given = (x[:0],) if method == "predict" else (x[:0], y[:0])
    message(
        ShapeError,
        lambda: getattr(classifier(), method)(*given, verbose=0),
        "The data is empty",
        "got:      x with 0 samples",
        "expected: at least one sample",
    )


def test_one_sample_without_a_batch_axis(data):
    message(
        ShapeError,
        lambda: classifier().predict(data[0][0], verbose=0),
        "got:      shape (4,)",
        "a single sample needs a batch axis: x[None]",
    )


# labels ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "row", "fix"),
    [(3, 7, "give the last layer 4 units"), (-1, 2, "correct the labels")],
)
@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
def test_labels_outside_the_classes(data, label, row, fix, method):
    x, y = data
    y = y.copy()
    y[row] = label
    message(
        ValueError,
        lambda: getattr(classifier(), method)(x, y),
        "y holds a class label that the model has no output for.",
        f"got:      label {label} in row {row}",
        "expected: whole numbers from 0 to 2",
        fix,
    )


def test_labels_from_one_on(data):
    x, y = data
    message(
        ValueError,
        lambda: classifier().fit(x, y + 1, verbose=0),
        "got:      label 3 in row 2 (labels run from 1 to 3)",
        "fix:",
    )


def test_labels_outside_the_classes_in_a_generator(data):
    x, y = data
    bad = np.where(np.arange(12) == 9, 5, y)

    def batches():
        for start in range(0, 12, 4):
            yield x[start : start + 4], bad[start : start + 4]

    message(
        ValueError,
        lambda: classifier().fit(batches(), verbose=0),
        "got:      label 5 in row 1",
    )


def test_nothing_is_trained_on_wrong_labels(data):
    x, y = data
    model = classifier()
    before = model.get_weights()
    with pytest.raises(ValueError, match="class label"):
        model.fit(x, np.where(np.arange(12) == 11, 9, y), batch_size=2, verbose=0)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_one_hot_rows_for_a_sparse_loss(data):
    x, y = data
    message(
        ShapeError,
        lambda: classifier().fit(x, np.eye(3)[y], verbose=0),
        "Loss 'sparse_categorical_crossentropy' needs whole-number class labels.",
        "got:      y_true of shape (12, 3), which looks like one-hot rows",
        "expected: y_true of shape (12,)",
        "'categorical_crossentropy'",
        "y.argmax(axis=-1)",
    )


def test_whole_numbers_for_a_one_hot_loss(data):
    message(
        ShapeError,
        lambda: classifier("categorical_crossentropy").fit(*data, verbose=0),
        "Loss 'categorical_crossentropy' needs one-hot targets.",
        "got:      y_true of shape (12,), which looks like whole-number class labels",
        "expected: y_true of shape (12, 3): one column per class",
        "'sparse_categorical_crossentropy'",
        "to_categorical(y, 3)",
    )


def test_targets_of_another_width(data):
    message(
        ShapeError,
        lambda: classifier("mse").fit(data[0], np.ones((12, 2)), verbose=0),
        "Loss 'mean_squared_error' cannot compare these targets and predictions.",
        "got:      y_true of shape (12, 2), y_pred of shape (12, 3)",
        "fix:",
    )


def test_a_column_of_targets_for_several_outputs(data):
    message(
        ShapeError,
        lambda: classifier("mse").fit(data[0], data[1][:, None], verbose=0),
        "got:      y_true of shape (12, 1), y_pred of shape (12, 3)",
    )


# values ---------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_named_when_asked(data, bad):
    x, y = data
    x = x.copy()
    x[5, 2] = bad
    message(
        ValueError,
        lambda: classifier(run_eagerly=True).fit(x, y, verbose=0),
        "x holds values that are not finite.",
        f"got:      {bad} in sample 5",
        "expected: finite numbers",
        "nan_to_num",
    )


def test_a_result_that_is_not_finite_names_the_layer_when_asked(data):
    x, y = data
    model = classifier(run_eagerly=True)
    model.layers[0].kernel.assign(np.full((4, 5), 3e38))
    message(
        FloatingPointError,
        lambda: model.fit(np.abs(x) + 1, y, verbose=0),
        "hidden",
        "computed a value that is not finite.",
        "expected: finite numbers",
        "fix:",
    )


def test_text(data):
    message(
        DTypeError,
        lambda: classifier().fit(np.array([["a"] * 4] * 12), data[1], verbose=0),
        "x has a dtype that cannot be trained on.",
        "got:      <U1",
        "expected: floats, integers or bools",
        "numpy.unique(..., return_inverse=True)",
    )


@pytest.mark.parametrize("value", [None, object(), 3])
def test_what_is_no_data(data, value):
    with pytest.raises((TypeError, ValueError), match=r"(.|\n)*got:"):
        classifier().fit(value, data[1], verbose=0)


# names ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "kind", "name", "near"),
    [
        ({"optimizer": "addam"}, "optimizer", "addam", "adam"),
        ({"loss": "mze"}, "loss", "mze", "mse"),
        ({"metrics": ["acuracy"]}, "metric", "acuracy", "accuracy"),
        ({"weighted_metrics": ["mea"]}, "metric", "mea", "mae"),
    ],
)
def test_unknown_names_are_answered_by_compile(arguments, kind, name, near):
    model = kerasish.Sequential([layers.Dense(1)])
    message(
        ValueError,
        lambda: model.compile(**{"loss": "mse", **arguments}),
        f"Unknown {kind} '{name}'.",
        "did you mean",
        f"'{near}'",
    )


@pytest.mark.parametrize("optimizer", [3, object()])
def test_what_is_no_optimizer(optimizer):
    message(
        ValueError,
        lambda: classifier().compile(optimizer, "mse"),
        "Cannot understand this optimizer.",
        "expected: None, a name, a config dict, or a callable",
    )


def test_what_is_no_callback(data):
    message(
        TypeError,
        lambda: classifier().fit(*data, callbacks=[3], verbose=0),
        "`callbacks` holds something that is no callback.",
        "got:      3",
        "fix:",
    )


def test_a_backend_that_is_not_there_is_answered_with_the_nearest():
    message(
        ValueError,
        lambda: kerasish.config.set_backend("numpi"),
        "Unknown backend 'numpi'",
        "did you mean 'numpy'",
    )


def test_a_backend_that_cannot_run_says_how_to_mend_it():
    code = "import kerasish; kerasish.ops.ones(3)"
    block = "import sys; sys.modules['cupy'] = None;"
    result = subprocess.run(
        [sys.executable, "-c", block + code],
        env={**environment(), "KERASISH_BACKEND": "cupy"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "BackendError: The backend 'cupy' needs CuPy" in result.stderr
    assert "pip install" in result.stderr


def environment():
    """Return what a child process needs to find the package."""
    return {"PYTHONPATH": ":".join(path for path in sys.path if path)}


# arguments that do not go together ------------------------------------------------


@pytest.mark.parametrize("batch_size", [0, -1, 2.0, "8"])
def test_batch_sizes(data, batch_size):
    message(
        ValueError,
        lambda: classifier().fit(*data, batch_size=batch_size, verbose=0),
        "`batch_size` must be a positive integer.",
        f"got:      {batch_size!r}",
    )


@pytest.mark.parametrize("split", [1.0, -0.1, 2])
def test_splits(data, split):
    message(
        ValueError,
        lambda: classifier().fit(*data, validation_split=split, verbose=0),
        "`validation_split` is no fraction.",
        f"got:      {split}",
        "expected: a number between 0 and 1",
    )


def test_a_split_of_a_generator(data):
    message(
        ValueError,
        lambda: classifier().fit(iter([data]), validation_split=0.2, verbose=0),
        "only supported for arrays",
        "fix:      pass `validation_data` instead",
    )


def test_weights_of_classes_and_samples_at_once(data):
    weights = {"class_weight": {0: 1.0}, "sample_weight": np.ones(12)}
    message(
        ValueError,
        lambda: classifier().fit(*data, verbose=0, **weights),
        "`class_weight` and `sample_weight` at the same time",
        "fix:",
    )


def test_no_targets_and_no_loss(data):
    x, y = data
    message(
        ValueError,
        lambda: classifier().fit(x, verbose=0),
        "There is no loss to train with.",
        "got:      no targets",
        "fix:",
    )
    message(
        ValueError,
        lambda: classifier(loss=None).fit(x, y, verbose=0),
        "got:      loss=None",
    )


@pytest.mark.parametrize("method", ["fit", "compile", "evaluate", "predict"])
def test_unknown_keywords(data, method):
    with pytest.raises(TypeError, match="unexpected keyword argument 'nb_epoch'"):
        getattr(classifier(), method)(data[0], nb_epoch=3)


def test_an_empty_model(data):
    model = kerasish.Sequential()
    model.compile("sgd", "mse")
    message(
        ValueError,
        lambda: model.fit(*data, verbose=0),
        "'sequential' is empty.",
        "fix:      add layers before it is used",
    )


def test_unconnected_weights_are_told():
    class Unused(layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight((1,), "ones", name="w")

        def call(self, inputs):
            return inputs

    model = kerasish.Sequential([layers.Input((1,)), Unused()])
    model.compile("sgd", "mse")
    message(
        ValueError,
        lambda: model.fit(np.ones((2, 1)), np.ones((2, 1)), verbose=0),
        "was given no gradient.",
        "expected: a loss that depends on the trainable variables",
    )
