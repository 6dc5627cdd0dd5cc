"""The table of operations."""

import pytest

from kerasish.graph import registry


def test_a_name_is_taken_once():
    with pytest.raises(ValueError, match="'add' is declared already"):
        registry.enter("add", None)


def test_helpers_are_no_operations():
    assert registry.operation("convert") is not None
    assert "convert" not in registry.operations()


def test_operations_know_their_names():
    assert all(op.name == name for name, op in registry.operations().items())


def test_an_unknown_name_is_an_error():
    with pytest.raises(KeyError):
        registry.operation("nothing")
