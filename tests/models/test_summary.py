"""The table of a model's layers. Real Keras's looks are compared in tests/parity."""

import numpy as np
import pytest

from kerasish import layers, models, ops
from kerasish.models.summary import readable_size

TABLE = """\
Model: "net"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┓
┃ Layer (type)             ┃ Output Shape      ┃   Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━┩
│ hidden (Dense)           │ (None, 30)        │       150 │
├──────────────────────────┼───────────────────┼───────────┤
│ drop (Dropout)           │ (None, 30)        │         0 │
├──────────────────────────┼───────────────────┼───────────┤
│ out (Dense)              │ (None, 1)         │        31 │
└──────────────────────────┴───────────────────┴───────────┘
 Total params: 181 (724.00 B)
 Trainable params: 31 (124.00 B)
 Non-trainable params: 150 (600.00 B)"""


@pytest.fixture
def model():
    made = models.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(30, name="hidden", trainable=False),
            layers.Dropout(0.5, name="drop"),
            layers.Dense(1, name="out"),
        ],
        name="net",
    )
    return made


def text_of(model, **arguments):
    texts = []
    model.summary(print_fn=texts.append, **arguments)
    (text,) = texts
    return text


def test_the_table(model):
    assert text_of(model, line_length=60) == TABLE


def test_it_is_printed_to_stdout_by_default(model, capsys):
    model.summary(line_length=60)
    assert capsys.readouterr().out.rstrip("\n") == TABLE


@pytest.mark.parametrize(("columns", "width"), [(50, 46), (80, 76), (200, 88)])
def test_it_fits_the_terminal(model, monkeypatch, columns, width):
    monkeypatch.setenv("COLUMNS", str(columns))
    rows = text_of(model).splitlines()
    assert len(rows[1]) == width


def test_a_trained_model_counts_its_optimizer(model):
    model.compile("adam", "mse")
    assert "Optimizer" not in text_of(model)
    model.fit(np.ones((2, 4)), np.ones((2, 1)), verbose=0)
    text = text_of(model)
    # iteration, learning rate, and two slots for each of 31 numbers
    assert " Optimizer params: 64 (256.00 B)" in text
    assert " Total params: 245 (980.00 B)" in text


def test_unbuilt_layers():
    text = text_of(models.Sequential([layers.Dense(1, name="d")]), line_length=80)
    assert "d (Dense)" in text
    assert "│ ? " in text
    assert "0 (unbuilt)" in text


def test_trainable_column(model):
    rows = text_of(model, line_length=120, show_trainable=True).splitlines()
    assert rows[2].split("┃")[4].strip() == "Trainable"
    flags = [row.split("│")[4].strip() for row in rows if row.startswith("│")]
    assert flags == ["N", "-", "Y"]


def test_nested_models_on_request(model):
    outer = models.Sequential([model, layers.Dense(1, name="top")], name="outer")
    assert "hidden" not in text_of(outer, line_length=80)
    text = text_of(outer, line_length=80, expand_nested=True)
    assert "│    └ hidden (Dense)" in text


def test_a_range_of_layers(model):
    text = text_of(model, line_length=80, layer_range=["h.*", "drop"])
    assert "hidden" in text
    assert "out (" not in text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (["hidden", "zzz"], r"names no layer(.|\n)*'zzz'(.|\n)*hidden, drop, out"),
        (["hidden"], "the first and the last layer"),
        ("hidden", "the first and the last layer"),
    ],
)
def test_a_range_must_be_two_names(model, given, text):
    with pytest.raises(ValueError, match=text):
        text_of(model, layer_range=given)


def test_long_words_are_cut():
    model = models.Sequential([layers.Input((4,)), layers.Dense(10**6, name="x" * 60)])
    rows = text_of(model, line_length=50).splitlines()
    assert all(len(row) == 50 for row in rows[1:6])
    assert "x…" in rows[4]


@pytest.mark.parametrize(
    ("num_bytes", "text"),
    [
        (0, "0.00 B"),
        (1023, "1023.00 B"),
        (1024, "1.00 KB"),
        (1024**2 * 1.5, "1.50 MB"),
        (1024**3, "1.00 GB"),
    ],
)
def test_readable_size(num_bytes, text):
    assert readable_size(num_bytes) == text


def test_functions_of_several_results(capsys):
    inputs = layers.Input((4,))
    first, second = ops.split(inputs, 2, axis=-1)
    models.Model(inputs, first + second).summary()
    shown = capsys.readouterr().out
    assert "split (Split)" in shown
    assert "[(None, 2)," in shown
