"""Scripts of the kind that Keras's guides hold do the same here and in real Keras."""

import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish
from tests.parity import guides_models, guides_training
from tests.parity.guides import GUIDES

pytestmark = pytest.mark.parity

SCRIPTS = (guides_models, guides_training)  # importing them fills GUIDES


def same(ours, theirs, place="result"):
    """Assert that two results are equal, numbers to float32's precision."""
    if isinstance(theirs, dict):
        assert sorted(ours) == sorted(theirs), place
        for key in theirs:
            same(ours[key], theirs[key], f"{place}[{key!r}]")
    elif isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs), place
        for i, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            same(one, other, f"{place}[{i}]")
    elif isinstance(theirs, (str, bool)) or theirs is None:
        assert ours == theirs, place
    else:
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-6, err_msg=place)


# what JAX compiles for more than about two seconds
SLOW = set(
    "toy_residual_network variational_autoencoder first_functional_model "
    "multiple_inputs_and_outputs autoencoder_of_shared_layers clones "
    "features_of_all_layers subclassed_model layers_in_layers "
    "training_with_added_losses freezing".split()
)
EACH = [
    pytest.param(name, marks=pytest.mark.slow if name in SLOW else ())
    for name in GUIDES
]


@pytest.mark.parametrize("name", EACH)
def test_guides(name):
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    same(GUIDES[name](kerasish), GUIDES[name](keras))
