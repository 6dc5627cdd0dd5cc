import h5py
import numpy as np
import pytest

from kerasish import layers, models, optimizers
from kerasish.saving.optimizer_state import restore_optimizer, state_names


@pytest.fixture
def root(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        yield file


def compiled(optimizer):
    model = models.Sequential(
        [layers.Input((3,)), layers.Dense(2, name="a"), layers.Dense(2, name="b")],
        name="m",
    )
    model.compile(optimizer, "mse")
    return model


def store(root, arrays):
    """Store `(name, array)` pairs; return them as the reader wants them."""
    return [(name, root.create_dataset(name, data=array)) for name, array in arrays]


def state_of(model):
    """Return values that tell every variable of the optimizer from every other."""
    model.optimizer.build(model.trainable_variables)
    names = state_names(model.optimizer)
    return [
        (name, np.full(v.shape, 10 + i, v.dtype))
        for i, (name, v) in enumerate(
            zip(names, model.optimizer.variables, strict=True)
        )
    ]


def values(model):
    return [float(v.numpy().flat[0]) for v in model.optimizer.variables]


@pytest.mark.parametrize(
    "make",
    [
        lambda: optimizers.SGD(0.1),
        lambda: optimizers.SGD(0.1, momentum=0.9),
        lambda: optimizers.Adam(0.1),
        lambda: optimizers.Adam(0.1, amsgrad=True),
        lambda: optimizers.RMSprop(0.1, momentum=0.5, centered=True),
        lambda: optimizers.Adam(optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)),
    ],
)
def test_the_state_of_keras_3_comes_back_in_order(root, make):
    arrays = state_of(compiled(make()))
    model = compiled(make())
    restore_optimizer(model, store(root, arrays))
    assert values(model) == [10 + i for i in range(len(arrays))]


def test_names_are_those_of_keras_and_unique():
    model = compiled(optimizers.Adam())
    model.optimizer.build(model.trainable_variables)
    names = state_names(model.optimizer)
    assert names[:4] == [
        "adam/iteration",
        "adam/learning_rate",
        "adam/m_a_kernel_momentum",
        "adam/m_a_kernel_velocity",
    ]
    for variable in model.optimizer.variables:
        variable.path = "same"
    names = state_names(model.optimizer)
    assert len(set(names)) == len(names)
    assert names[:2] == ["same", "same_1"]


def test_an_optimizer_that_never_trained_keeps_step_and_rate(root):
    model = compiled(optimizers.Adam(0.1))
    arrays = [("adam/iteration", np.int64(7)), ("adam/learning_rate", np.float32(0.5))]
    restore_optimizer(model, store(root, arrays))
    assert values(model) == [7, 0.5]


def test_keras_2_leaves_the_rate_out(root):
    arrays = state_of(compiled(optimizers.Adam(0.25)))
    del arrays[1]
    model = compiled(optimizers.Adam(0.25))
    restore_optimizer(model, store(root, arrays))
    assert values(model) == [10, 0.25, *range(12, 12 + len(arrays) - 1)]


def old_state(kinds):
    """Return what an older optimizer of Keras 2 stores: slot by slot, not by weight."""
    shapes = {"a/kernel": (3, 2), "a/bias": (2,), "b/kernel": (2, 2), "b/bias": (2,)}
    pairs = [(kind, weight) for kind in kinds for weight in shapes]
    slots = [
        (f"Adam/{weight}/{kind}:0", np.full(shapes[weight], 100 + i, "float32"))
        for i, (kind, weight) in enumerate(pairs)
    ]
    return [("Adam/iter:0", np.int64(7)), *slots]


def test_older_optimizers_store_slot_by_slot(root):
    model = compiled(optimizers.Adam(0.25))
    restore_optimizer(model, store(root, old_state(["m", "v"])))
    got = {v.path: float(v.numpy().flat[0]) for v in model.optimizer.variables}
    assert got["adam/iteration"] == 7
    assert got["adam/learning_rate"] == 0.25
    for i, weight in enumerate(("a_kernel", "a_bias", "b_kernel", "b_bias")):
        assert got[f"adam/m_{weight}_momentum"] == 100 + i
        assert got[f"adam/m_{weight}_velocity"] == 104 + i


def test_older_momentum(root):
    model = compiled(optimizers.SGD(0.25, momentum=0.9))
    restore_optimizer(model, store(root, old_state(["momentum"])))
    assert values(model) == [7, 0.25, 100, 101, 102, 103]


@pytest.mark.parametrize("other", [{"momentum": 0.9}, {}])
def test_a_state_that_does_not_fit_is_left_out_with_a_warning(root, other):
    arrays = state_of(compiled(optimizers.Adam()))
    model = compiled(optimizers.SGD(0.25, **other))
    with pytest.warns(UserWarning, match="state of optimizer 'sgd' is left out"):
        restore_optimizer(model, store(root, arrays))
    assert values(model)[:2] == [0, 0.25]


def test_nothing_stored_is_nothing_done(root):
    model = compiled(optimizers.Adam(0.25))
    restore_optimizer(model, [])
    assert values(model)[:2] == [0, 0.25]
