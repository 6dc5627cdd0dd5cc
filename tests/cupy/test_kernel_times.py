"""The script that times a step's launches, on the look-alike of CuPy."""

import pytest

from benchmarks.cases import CASES
from benchmarks.kernel_times import kernel_times, show


def test_every_launch_of_a_step_is_timed_and_named(on_fake_backend):
    fit, times = kernel_times(CASES["mlp64-adam-b32"], 64)
    names = [name for name, _ in times]
    # three layers: each forward and to its kernel, two to their inputs
    assert names.count("product") == 8
    assert {"fused", "rows", "reduce_sum"} <= set(names)
    assert [t for _, t in times] == pytest.approx([5.0] * len(times))  # 100 in 0.5 ms
    assert fit > 0


def test_the_step_is_shown_beside_its_launches():
    text = show(30.0, [("product", 4.0), ("fused", 2.0), ("product", 6.0)], each=True)
    lines = text.splitlines()
    assert lines[:3] == [
        "     30.0 µs  a step of fit, everything included",
        "     12.0 µs  its 3 launches, one after the other",
        "     2.50     the step by the launches",
    ]
    assert lines[5:7] == ["     10.0         2  product", "      2.0         1  fused"]
    assert lines[-1] == "     6.00  product"
