"""Graphs and plans as text, and the plans of three tiny models as golden files.

A change that should change nothing leaves `golden/` alone. One that changes a plan on
purpose writes the files anew, and the difference is read before it is committed:
`KERASISH_WRITE_GOLDEN=1 python -m pytest tests/graph/test_listing.py`.
"""

import os
from pathlib import Path

import numpy as np
import pytest

import kerasish
from kerasish import layers, models, ops
from kerasish.backend import backend_scope, get_backend, load_backend
from kerasish.graph.listing import list_graph, list_plan
from kerasish.graph.replay import compile_graph, prepare
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import scope, trace
from kerasish.graph.variable import Variable

GOLDEN = Path(__file__).parent / "golden"
VECTOR = Spec((3,), "float32")


def linear():
    """Return a model with one layer, its data, and the step to be listed."""
    model = models.Sequential([layers.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model, (np.zeros((4, 3), "float32"), np.zeros((4, 1), "float32")), "train"


def classifier():
    model = models.Sequential(
        [
            layers.Input((2, 3)),
            layers.Flatten(),
            layers.Dense(5, activation="relu"),
            layers.Dropout(0.5, seed=1),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, (np.zeros((4, 2, 3), "float32"), np.zeros(4, "int32")), "train"


def evaluated():
    model = models.Sequential(
        [
            layers.Input((3,)),
            layers.Dense(4, activation="tanh", kernel_regularizer="l2"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    return model, (np.zeros((4, 3), "float32"), np.zeros((4, 1), "float32")), "test"


@pytest.mark.usefixtures("on_numpy")
@pytest.mark.parametrize("make", [linear, classifier, evaluated])
def test_the_plan_of_a_tiny_model(make):
    model, batch, kind = make()
    listing = model.explain_plan(batch, kind) + "\n"
    path = GOLDEN / f"{make.__name__}.txt"
    if os.environ.get("KERASISH_WRITE_GOLDEN"):
        path.write_text(listing, encoding="utf-8")
    assert listing == path.read_text(encoding="utf-8")


def test_every_golden_file_is_compared():
    made = {f"{make.__name__}.txt" for make in (linear, classifier, evaluated)}
    assert {path.name for path in GOLDEN.iterdir()} == made


def test_a_graph_has_a_line_for_each_value():
    v = Variable(np.zeros(3, "float32"), path="dense/bias")

    def function(x):
        with scope("model"), scope("dense"):
            y = ops.multiply(ops.add(x, v), 2.5)
        v.assign(y)
        return ops.sum(y), x

    graph = trace(function, [VECTOR])
    assert list_graph(graph).splitlines() == [
        "%in0 = input : float32[3]",
        "%0 = add(%in0, dense/bias) : float32[3]  # model/dense",
        "%1 = multiply(%0, 2.5) : float32[3]  # model/dense",
        "%2 = reduce_sum(%1, axis=(0,), keepdims=False) : float32[]",
        "dense/bias <- %1",
        "return %2, %in0",
    ]
    assert str(graph) == list_graph(graph)


def test_larger_constants_are_shown_by_their_shape():
    graph = trace(lambda x: x + np.ones((2, 3), "float32"), [VECTOR])
    assert "add(%in0, const[2, 3])" in list_graph(graph)


def test_long_attributes_are_cut():
    slices = (slice(0, 1),) * 5

    def function(x):
        return x[slices]

    line = list_graph(trace(function, [Spec((2,) * 5, "float32")])).splitlines()[1]
    assert "slices=(slice(0, 1, None), slice(0, 1, None)...) :" in line


def test_a_plan_says_where_everything_lies_and_what_it_saves():
    v = Variable(np.zeros(6, "float32"), path="state")

    def function(x):
        y = ops.concatenate([ops.exp(x), ops.tanh(x), x])
        v.assign_add(ops.reshape(y[:6], (6,)))
        return ops.negative(ops.flip(y))

    listing = list_plan(compile_graph(trace(function, [VECTOR]), get_backend()).plan)
    for text in (
        "part of %2 at 0",
        "part of %2 at 12",
        "1 parts to copy",
        "in state",
        "5 steps in ",
        "x the least possible",
        "views instead of copies save",
        "1 of 1 assignments computed in place",
    ):
        assert text in listing


def test_an_empty_plan():
    plan = compile_graph(trace(lambda: 1.0, []), get_backend()).plan
    assert "0 steps in 0 bytes (1.00 x the least possible" in list_plan(plan)


@pytest.mark.parametrize("name", ["strict", "strict_fusing"])
def test_constants_are_read_from_the_device(name):
    with backend_scope(name):
        graph = trace(lambda x: ops.tanh(x * 2.5), [VECTOR])
        assert "multiply(%in0, 2.5)" in list_graph(graph)
        plan = compile_graph(graph, load_backend(name)).plan
        assert "2.5" in list_plan(plan)


def test_a_models_plan_can_be_listed_on_any_backend(backend):
    model, batch, kind = classifier()
    listing = model.explain_plan(batch, kind)
    assert "assignments computed in place" in listing
    assert "sequential/dense" in listing
    assert kerasish.config.backend() == backend.name


def test_fused_operations_are_shown_by_what_they_consist_of():
    specs = [Spec((16, 5), "float32")]
    with backend_scope("strict_fusing") as backend:
        graph = trace(lambda x: (ops.softmax(x), ops.exp(ops.negative(x))), specs)
        text = list_graph(prepare(graph, backend))
    assert "fused_rows[reduce_max subtract exp reduce_sum divide](%in0)" in text
    assert "fused[negative exp](%in0)" in text
