"""Default names."""

import threading

from kerasish import layers
from kerasish.saving.naming import auto_name, reset_names
from kerasish.utils import clear_session


def test_names_are_numbered_from_the_second_on():
    assert [auto_name("PReLU") for _ in range(3)] == [
        "p_re_lu",
        "p_re_lu_1",
        "p_re_lu_2",
    ]
    assert auto_name("Dense") == "dense"
    reset_names()
    assert auto_name("PReLU") == "p_re_lu"


def test_clear_session_begins_anew():
    layers.Dense(1)
    clear_session()
    assert layers.Dense(1).name == "dense"


def test_names_differ_between_threads():
    names = []
    threads = [
        threading.Thread(target=lambda: names.extend(auto_name("A") for _ in range(99)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == 4 * 99
