"""What initializers share: seeds, dtypes, configs, and the base class for users."""

import numpy as np
import pytest

from kerasish import initializers
from kerasish.backend import set_floatx
from kerasish.errors import DTypeError
from kerasish.random.seed import SeedGenerator, host_generator, set_random_seed
from kerasish.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)

RANDOM = [
    initializers.RandomNormal,
    initializers.RandomUniform,
    initializers.TruncatedNormal,
    initializers.Orthogonal,
    initializers.VarianceScaling,
    initializers.GlorotNormal,
    initializers.GlorotUniform,
    initializers.HeNormal,
    initializers.HeUniform,
    initializers.LecunNormal,
    initializers.LecunUniform,
]
FIXED = [
    initializers.Zeros,
    initializers.Ones,
    initializers.Constant,
    initializers.Identity,
]


@pytest.fixture
def double_floatx():
    set_floatx("float64")
    yield
    set_floatx("float32")


@pytest.mark.parametrize("cls", RANDOM)
def test_an_integer_seed_gives_the_same_values_every_time(cls):
    initializer = cls(seed=3)
    first = initializer((6, 4))
    np.testing.assert_array_equal(initializer((6, 4)), first)
    np.testing.assert_array_equal(cls(seed=3)((6, 4)), first)
    assert not np.array_equal(cls(seed=4)((6, 4)), first)


@pytest.mark.parametrize("cls", RANDOM)
def test_without_a_seed_each_object_has_its_own_values(cls):
    set_random_seed(1)
    first, second = cls(), cls()
    values = first((6, 4))
    np.testing.assert_array_equal(first((6, 4)), values)
    assert not np.array_equal(second((6, 4)), values)
    set_random_seed(1)
    np.testing.assert_array_equal(cls()((6, 4)), values)


@pytest.mark.parametrize("cls", RANDOM)
def test_a_seed_generator_gives_new_values(cls):
    initializer, again = (cls(seed=SeedGenerator(3)) for _ in range(2))
    first, second = initializer((6, 4)), initializer((6, 4))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(again((6, 4)), first)


@pytest.mark.parametrize("cls", RANDOM + FIXED)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", None])
def test_values_are_host_arrays_of_the_dtype(cls, dtype):
    values = cls()((4, 3), dtype=dtype)
    assert type(values) is np.ndarray
    assert values.shape == (4, 3)
    assert values.dtype.name == (dtype or "float32")


@pytest.mark.parametrize("cls", RANDOM + FIXED)
def test_the_default_dtype_is_floatx(cls, double_floatx):
    assert cls()((4, 3)).dtype == np.float64


@pytest.mark.parametrize("cls", FIXED)
@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool"])
def test_fixed_values_of_any_dtype(cls, dtype):
    assert cls()((2, 2), dtype=dtype).dtype.name == dtype


@pytest.mark.parametrize("cls", RANDOM)
def test_whole_numbers_are_not_drawn(cls):
    with pytest.raises(DTypeError, match=rf"{cls.__name__}.*\n.*int32\n.*floating"):
        cls()((2, 2), dtype="int32")


@pytest.mark.parametrize("seed", [-1, 1.5, "a"])
@pytest.mark.parametrize("cls", RANDOM)
def test_seeds_are_integers_in_range(cls, seed):
    with pytest.raises(ValueError, match="no seed"):
        cls(seed=seed)


@pytest.mark.parametrize("cls", RANDOM + FIXED)
def test_config_round_trip(cls):
    initializer = cls()
    config = initializers.serialize(initializer)
    assert config["module"] == "keras.initializers"
    assert config["class_name"] == cls.__name__
    again = initializers.deserialize(config)
    assert type(again) is cls
    assert again.get_config() == initializer.get_config()


@pytest.mark.parametrize("cls", RANDOM)
def test_a_drawn_seed_is_not_written(cls):
    assert cls().get_config()["seed"] is None
    assert cls(seed=3).get_config()["seed"] == 3


def test_a_seed_generator_is_written_as_its_config():
    initializer = initializers.RandomNormal(seed=SeedGenerator(3))
    seed = initializer.get_config()["seed"]
    assert seed["module"] == "keras.random"
    assert seed["config"] == {"seed": 3, "name": "seed_generator"}
    for again in (
        initializers.deserialize(initializers.serialize(initializer)),
        deserialize_keras_object(serialize_keras_object(initializer)),
    ):
        np.testing.assert_array_equal(
            again((5,)), initializers.RandomNormal(seed=SeedGenerator(3))((5,))
        )


def test_clone_draws_anew_without_a_seed():
    seeded, free = initializers.HeNormal(seed=1), initializers.HeNormal()
    np.testing.assert_array_equal(seeded.clone()((5,)), seeded((5,)))
    assert not np.array_equal(free.clone()((5,)), free((5,)))


def test_values_are_those_of_numpy_s_philox():
    expected = np.random.Generator(np.random.Philox(key=5)).random(4, dtype="float32")
    values = initializers.RandomUniform(0.0, 1.0, seed=5)((4,))
    np.testing.assert_array_equal(values, expected)
    np.testing.assert_array_equal(host_generator(5).random(4, "float32"), expected)


def test_the_base_class_says_what_to_define():
    with pytest.raises(NotImplementedError, match="define __call__"):
        initializers.Initializer()((2,))


def test_a_user_s_class_has_a_config():
    class Scaled(initializers.Initializer):
        def __init__(self, scale=1.0):
            self.scale = scale

        def __call__(self, shape, dtype=None):
            return np.full(shape, self.scale, dtype)

    assert Scaled(3.0).get_config() == {"scale": 3.0}
    assert Scaled(3.0).clone().scale == 3.0


@pytest.mark.parametrize("cls", [initializers.Zeros, initializers.Ones])
def test_an_argument_nobody_takes_raises(cls):
    with pytest.raises(TypeError, match="argument"):
        cls(3)
