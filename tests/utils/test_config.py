"""`Config`: settings as attributes and items."""

import copy
import json
import pickle

import pytest

from kerasish.utils import Config


def test_attributes_and_items_are_the_same():
    config = Config(rate=0.1, sizes=[1, 2])
    config.units = 3
    config["name"] = "a"
    assert (config["units"], config.name, config.rate) == (3, "a", 0.1)
    assert list(config) == ["name", "rate", "sizes", "units"]
    assert list(config.keys()) == ["rate", "sizes", "units", "name"]
    assert list(config.values()) == [0.1, [1, 2], 3, "a"]
    assert dict(config.items()) == config.as_dict()
    assert json.loads(config.to_json()) == config.as_dict()
    assert len(config) == 4
    assert "rate" in config
    assert "other" not in config
    assert config.get("other") is None
    assert config.get("other", 5) == 5
    assert repr(Config(a=1)) == "<Config {'a': 1}>"


def test_settings_can_be_removed():
    config = Config(a=1, b=2, c=3, d=4)
    config.update({"a": 10}, e=5)
    assert config.pop("a") == 10
    assert config.pop("a", "none") == "none"
    del config["b"]
    del config.c
    assert config.as_dict() == {"d": 4, "e": 5}


def test_unknown_names():
    config = Config(rate=1)
    with pytest.raises(AttributeError, match=r"(?s)Unknown attribute: 'rat'.*rate"):
        config.rat  # noqa: B018
    with pytest.raises(AttributeError, match="Unknown attribute: 'rat'"):
        del config.rat
    with pytest.raises(KeyError, match="rat"):
        config["rat"]


@pytest.mark.parametrize(
    "change",
    [
        lambda c: setattr(c, "a", 2),
        lambda c: c.__setitem__("a", 2),
        lambda c: c.update(a=2),
        lambda c: c.pop("a"),
        lambda c: delattr(c, "a"),
        lambda c: c.__delitem__("a"),
    ],
)
def test_frozen_settings_cannot_change(change):
    config = Config(a=1)
    config.freeze()
    assert config.frozen
    with pytest.raises(ValueError, match=r"(?s)config is frozen.*unfreeze\(\)"):
        change(config)
    assert config.a == 1
    config.unfreeze()
    change(config)
    assert config.get("a") != 1


def test_copies_stay_as_they_are():
    config = Config(a=[1])
    config.freeze()
    for again in (copy.deepcopy(config), pickle.loads(pickle.dumps(config))):
        assert again.as_dict() == {"a": [1]}
        assert again.frozen
