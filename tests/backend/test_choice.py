"""The choice of a backend: names, scopes, threads, entry points, messages."""

import importlib.metadata
import os
import subprocess
import sys
import threading
import types

import numpy as np
import pytest

import kerasish
from kerasish.backend import (
    available_backends,
    backend_scope,
    choice,
    get_backend,
    load_backend,
    register_backend,
    set_backend,
)
from kerasish.errors import BackendError
from tests.strict_backend import StrictBackend


class Other(StrictBackend):
    name = "other"


@pytest.fixture
def known(monkeypatch):
    """Let a test register what it likes."""
    monkeypatch.setattr(choice, "_made", dict(choice._made))
    return choice._made


@pytest.fixture
def announced(monkeypatch, known):
    """Return a function that announces a backend in the entry-point group."""

    def announce(name, make):
        class Point:
            load = staticmethod(lambda: make)

        Point.name = name

        def entry_points(group):
            return [Point] if group == "kerasish.backends" else []

        monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)

    return announce


def test_numpy_is_the_default():
    code = (
        "import os; os.environ.pop('KERASISH_BACKEND', None)\n"
        "from kerasish.backend import get_backend; print(get_backend().name)"
    )
    assert output_of(code) == "numpy"


def test_the_environment_variable_chooses():
    code = (
        "import os; os.environ['KERASISH_BACKEND'] = 'nunpy'\n"
        "from kerasish.backend import get_backend\n"
        "try: get_backend()\n"
        "except ValueError as error: print(str(error).replace('\\n', ' '))"
    )
    assert "Unknown backend 'nunpy'" in output_of(code)


def output_of(code):
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return done.stdout.strip()


def test_a_backend_is_made_once():
    assert load_backend("numpy") is load_backend("numpy")


def test_built_in_and_registered_backends_are_available():
    assert {"numpy", "cupy", "strict"} <= set(available_backends())
    assert available_backends() == sorted(available_backends())


def test_an_unknown_name_is_told_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'numpy'"):
        load_backend("numpi")


@pytest.mark.parametrize(
    ("absent", "chosen"),
    [((), "cupy"), (("cupy",), "numba"), (("cupy", "numba"), "numpy")],
)
def test_auto_is_the_fastest_that_can_run(monkeypatch, absent, chosen):
    def make(name):
        if name in absent:
            raise BackendError("not here")
        return name

    monkeypatch.setattr(choice, "_made", {})
    monkeypatch.setattr(choice, "_make", make)
    assert load_backend("auto") == chosen


def test_a_scope_ends_with_its_block():
    outside = get_backend()
    with backend_scope("strict") as inside:
        assert get_backend() is inside
        with backend_scope("numpy"):
            assert get_backend().name == "numpy"
        assert get_backend() is inside
    assert get_backend() is outside


def test_a_scope_ends_with_an_error():
    outside = get_backend()
    with pytest.raises(KeyError), backend_scope("strict"):
        raise KeyError
    assert get_backend() is outside


def test_a_scope_is_of_its_thread():
    seen = []
    with backend_scope("strict"):
        thread = threading.Thread(target=lambda: seen.append(get_backend().name))
        thread.start()
        thread.join()
    assert seen == [get_backend().name]


def test_set_backend_holds_for_all_threads():
    set_backend("strict")
    seen = []
    thread = threading.Thread(target=lambda: seen.append(get_backend().name))
    thread.start()
    thread.join()
    assert seen == ["strict"]


def test_a_scope_wins_over_set_backend():
    with backend_scope("strict"):
        set_backend("numpy")
        assert get_backend().name == "strict"


def test_a_failed_set_backend_changes_nothing():
    before = get_backend()
    with pytest.raises(ValueError, match="Unknown backend"):
        set_backend("nothing")
    assert get_backend() is before


def test_a_registered_backend_replaces_one_of_its_name(known):
    first, second = Other(), Other()
    register_backend(first)
    assert load_backend("other") is first
    register_backend(second)
    assert load_backend("other") is second


def test_an_announced_backend_is_made_when_first_asked_for(announced):
    made = []
    announced("other", lambda: made.append(1) or Other())
    assert "other" in available_backends()
    assert made == []
    assert load_backend("other") is load_backend("other")
    assert made == [1]


def test_a_package_that_makes_no_backend_is_told_so(announced):
    announced("other", lambda: object())
    with pytest.raises(BackendError, match="made no backend") as caught:
        load_backend("other")
    assert "got:      object" in str(caught.value)
    assert "subclass of kerasish.backend.Backend" in str(caught.value)


def test_an_error_of_a_package_is_handed_on_each_time(announced):
    def make():
        raise BackendError("no device")

    announced("other", make)
    for _ in range(2):
        with pytest.raises(BackendError, match="no device"):
            load_backend("other")


def test_config_names_and_scopes_the_backend():
    with kerasish.config.backend("strict"):
        assert kerasish.config.backend() == "strict"
    assert "strict" in kerasish.config.available_backends()


def test_arrays_made_in_a_scope_are_its_backends():
    with backend_scope("strict") as strict:
        made = kerasish.ops.ones((2,))
        assert type(made) is strict.array_type
    with backend_scope("numpy"):
        assert type(kerasish.ops.ones((2,))) is np.ndarray


@pytest.mark.parametrize("name", ["numpy:1", "cupy:x", "cupy:", "cupy:-1"])
def test_only_devices_of_which_there_may_be_several_have_numbers(name):
    with pytest.raises(ValueError, match="Unknown backend"):
        load_backend(name)


def test_a_number_is_handed_to_the_package(monkeypatch):
    asked = []

    backend = load_backend("numpy")

    def make(device=None):
        asked.append(device)
        return backend

    package = types.SimpleNamespace(make=make)
    monkeypatch.setattr(choice.importlib, "import_module", lambda name: package)
    monkeypatch.setattr(choice, "_made", dict(choice._made))
    load_backend("cupy:3")
    assert asked == [3]
