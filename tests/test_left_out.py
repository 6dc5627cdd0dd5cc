"""What is left out on purpose says why, and what to use instead."""

import importlib

import pytest

from kerasish import left_out

MODULES = {
    "kerasish": left_out.TOP,
    "kerasish.layers": left_out.LAYERS,
    "kerasish.callbacks": left_out.CALLBACKS,
    "kerasish.applications": left_out.APPLICATIONS,
    "kerasish.dtype_policies": left_out.DTYPE_POLICIES,
}
CASES = [
    (module, name, reason)
    for module, entries in MODULES.items()
    for name, reason in entries.items()
]


@pytest.mark.parametrize(("module", "name", "reason"), CASES)
def test_each_entry_is_explained(module, name, reason):
    with pytest.raises(AttributeError) as error:
        getattr(importlib.import_module(module), name)
    text = str(error.value)
    assert f"`{module}.{name}` is left out on purpose" in text
    assert reason in text


@pytest.mark.parametrize("module", MODULES)
def test_other_names_are_simply_not_there(module):
    with pytest.raises(AttributeError, match="has no attribute 'nothing_like_it'"):
        importlib.import_module(module).nothing_like_it  # noqa: B018


@pytest.mark.parametrize("module", MODULES)
def test_nothing_left_out_exists(module):
    made = vars(importlib.import_module(module))
    assert not set(MODULES[module]) & set(made)
