"""Optimizers by name, class, config and object."""

import pytest

from kerasish import optimizers


@pytest.mark.parametrize(
    ("identifier", "cls"),
    [
        ("sgd", optimizers.SGD),
        ("SGD", optimizers.SGD),
        ("rmsprop", optimizers.RMSprop),
        ("RMSprop", optimizers.RMSprop),
        ("adam", optimizers.Adam),
        ("Adam", optimizers.Adam),
        ("adamw", optimizers.AdamW),
        ("AdamW", optimizers.AdamW),
        (optimizers.Adam, optimizers.Adam),
        ({"class_name": "Adam", "config": {"learning_rate": 0.5}}, optimizers.Adam),
    ],
)
def test_get(identifier, cls):
    assert type(optimizers.get(identifier)) is cls


def test_an_object_is_itself_and_none_is_none():
    made = optimizers.SGD()
    assert optimizers.get(made) is made
    assert optimizers.get(None) is None


def test_names_make_new_objects():
    assert optimizers.get("adam") is not optimizers.get("adam")


@pytest.mark.parametrize("name", ["addam", "adaam"])
def test_unknown_names_are_answered_with_the_nearest(name):
    with pytest.raises(ValueError, match=f"Unknown optimizer '{name}'") as raised:
        optimizers.get(name)
    assert "did you mean 'adam'" in str(raised.value)


def test_what_is_no_optimizer():
    with pytest.raises(ValueError, match=r"Cannot understand this optimizer(.|\n)*3"):
        optimizers.get(3)


def test_serialize_holds_module_class_and_config():
    held = optimizers.serialize(optimizers.SGD(0.5, name="s"))
    assert held["module"] == "keras.optimizers"
    assert held["class_name"] == "SGD"
    assert held["config"]["learning_rate"] == 0.5
    assert held["registered_name"] is None
