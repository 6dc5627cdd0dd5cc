"""Names, configs and callables that stand for initializers."""

import numpy as np
import pytest

from kerasish import initializers
from kerasish.saving.serialization import deserialize_keras_object

NAMES = {
    "zeros": initializers.Zeros,
    "zero": initializers.Zeros,
    "Zeros": initializers.Zeros,
    "ones": initializers.Ones,
    "one": initializers.Ones,
    "constant": initializers.Constant,
    "identity": initializers.Identity,
    "IdentityInitializer": initializers.Identity,
    "random_normal": initializers.RandomNormal,
    "normal": initializers.RandomNormal,
    "RandomNormal": initializers.RandomNormal,
    "random_uniform": initializers.RandomUniform,
    "uniform": initializers.RandomUniform,
    "truncated_normal": initializers.TruncatedNormal,
    "variance_scaling": initializers.VarianceScaling,
    "VarianceScaling": initializers.VarianceScaling,
    "glorot_uniform": initializers.GlorotUniform,
    "glorot_normal": initializers.GlorotNormal,
    "he_uniform": initializers.HeUniform,
    "he_normal": initializers.HeNormal,
    "lecun_uniform": initializers.LecunUniform,
    "lecun_normal": initializers.LecunNormal,
    "orthogonal": initializers.Orthogonal,
    "Orthogonal": initializers.Orthogonal,
    "OrthogonalInitializer": initializers.Orthogonal,
}


@pytest.mark.parametrize("name", NAMES)
def test_names(name):
    assert type(initializers.get(name)) is NAMES[name]


@pytest.mark.parametrize("name", ["GlorotUniform", "glorot_uniform"])
def test_configs_without_a_module(name):
    found = initializers.get({"class_name": name, "config": {"seed": 3}})
    assert type(found) is initializers.GlorotUniform
    assert found.seed == 3


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("OrthogonalInitializer", initializers.Orthogonal),
        ("IdentityInitializer", initializers.Identity),
    ],
)
def test_names_in_older_files(name, cls):
    config = {
        "module": "keras.initializers",
        "class_name": name,
        "config": {"gain": 2.0},
        "registered_name": None,
    }
    assert type(initializers.deserialize(config)) is cls
    assert type(deserialize_keras_object(config)) is cls


def test_lower_case_names_are_the_classes():
    for name, cls in NAMES.items():
        if hasattr(initializers, name):
            assert getattr(initializers, name) is cls


def test_get_passes_none_objects_classes_and_callables():
    def twos(shape, dtype=None):
        return np.full(shape, 2.0, dtype)

    initializer = initializers.HeNormal()
    assert initializers.get(None) is None
    assert initializers.get(initializer) is initializer
    assert isinstance(initializers.get(initializers.Zeros), initializers.Zeros)
    assert initializers.get(twos) is twos


def test_an_array_is_a_constant():
    array = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(initializers.get(array)((2, 3)), array)


def test_an_unknown_name_is_told_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'glorot_uniform'"):
        initializers.get("glorot_uniforn")


def test_what_is_no_initializer_is_refused():
    with pytest.raises(ValueError, match=r"Cannot understand this initializer.\n.*3"):
        initializers.get(3)
