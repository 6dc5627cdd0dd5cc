"""`explain_plan`: a step as text."""

import numpy as np
import pytest

from kerasish import layers, models


@pytest.fixture
def model():
    made = models.Sequential([layers.Input((4,)), layers.Dense(3, name="hidden")])
    made.compile("sgd", "mse")
    return made


BATCH = np.ones((8, 4), "float32"), np.ones((8, 3), "float32")


@pytest.mark.parametrize(
    ("kind", "batch"),
    [("train", BATCH), ("test", BATCH), ("predict", BATCH[0]), ("predict", BATCH)],
)
def test_the_listing_names_layers_and_shapes(model, kind, batch):
    text = model.explain_plan(batch, kind)
    assert "matmul" in text
    assert "float32[8, 3]  # sequential/hidden" in text


def test_explaining_changes_nothing(model):
    before = model.get_weights()
    model.explain_plan(BATCH)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_kinds_are_named(model):
    with pytest.raises(ValueError, match=r"'trian'(.|\n)*did you mean 'train'"):
        model.explain_plan(BATCH, "trian")


def test_training_needs_a_compiled_model():
    model = models.Sequential([layers.Dense(1)])
    with pytest.raises(ValueError, match="`explain_plan` needs a compiled model"):
        model.explain_plan(BATCH)
    assert "matmul" in model.explain_plan(BATCH[0], "predict")


def test_eager_steps_have_no_plan(model):
    model.compile("sgd", "mse", run_eagerly=True)
    with pytest.raises(ValueError, match=r"no plan to explain(.|\n)*run_eagerly=False"):
        model.explain_plan(BATCH)
