"""Neighbouring launches as one, on the look-alike of CuPy."""

import importlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kerasish as keras
from kerasish_cupy.fused_source import Step


@pytest.fixture
def merging(fake_cublas):
    return importlib.import_module("kerasish_cupy.merging")


@pytest.fixture
def arrays(fake_backend, rng):
    """Make arrays of one shape, or numbers for each column."""

    def make(count, shape=(3, 4)):
        return [
            fake_backend.from_host(rng.standard_normal(shape).astype("float32"))
            for _ in range(count)
        ]

    return make


def bound(backend, *steps):
    """Return bound calls of (operation, result, operands...)."""
    return [backend.bind(name, out, operands, {}) for name, out, *operands in steps]


def check(backend, merging, number, *steps):
    """Run the merged calls, and compare all arrays with the calls one by one."""
    held = {id(x): x for _, *own in steps for x in own}
    before = {key: np.array(x) for key, x in held.items()}
    for call in bound(backend, *steps):
        call()
    expected = {key: np.array(x) for key, x in held.items()}
    for key, x in held.items():
        np.copyto(x, before[key])
    merged = merging.merge_launches(bound(backend, *steps))
    assert len(merged) == number
    for call in merged:
        call()
    for key, x in held.items():
        np.testing.assert_array_equal(x, expected[key])
    return merged


def test_what_one_writes_and_the_next_reads_is_handed_over(
    fake_backend, merging, arrays, launches
):
    x, y, out = arrays(3)
    (launch,) = check(
        fake_backend, merging, 1, ("multiply", y, x, x), ("add", out, y, x)
    )
    assert len(launch.inputs) == 1
    assert len(launch.outs) == 2


def test_a_sweep_in_place(fake_backend, merging, arrays):
    g, m, v, p = arrays(4)
    check(
        fake_backend,
        merging,
        1,
        ("add", m, m, g),
        ("multiply", v, g, g),
        ("subtract", p, p, m),
    )


def test_what_is_overwritten_is_written_once(fake_backend, merging, arrays):
    x, out = arrays(2)
    (launch,) = check(fake_backend, merging, 1, ("add", out, x, x), ("exp", out, out))
    assert len(launch.outs) == 1


def test_numbers_for_columns_are_broadcast(fake_backend, merging, arrays):
    x, out = arrays(2)
    (row,) = arrays(1, (4,))
    check(fake_backend, merging, 1, ("add", out, x, row), ("multiply", x, out, row))


def test_other_shapes_stay_apart(fake_backend, merging, arrays):
    x, out = arrays(2)
    row, total = arrays(2, (4,))
    check(fake_backend, merging, 2, ("add", out, x, x), ("add", total, row, row))


def test_what_lies_askew_stays_apart(fake_backend, merging, arrays):
    (square,) = arrays(1, (4, 4))
    (out,) = arrays(1, (4, 4))
    check(fake_backend, merging, 2, ("exp", square, out), ("add", out, square.T, out))
    (line,) = arrays(1, (9,))
    (more,) = arrays(1, (8,))
    check(
        fake_backend,
        merging,
        2,
        ("exp", line[:8], more),
        ("add", more, line[1:], line[1:]),
    )


def test_a_row_of_what_was_written_stays_apart(fake_backend, merging, arrays):
    x, out = arrays(2)
    check(fake_backend, merging, 2, ("exp", out, x), ("add", x, x, out[1]))


def test_other_calls_stand_between(fake_backend, merging, arrays):
    x, y = arrays(2)
    first, second = bound(fake_backend, ("exp", y, x), ("exp", x, y))
    assert merging.merge_launches([first, print, second]) == [first, print, second]


def test_pointers_are_limited(fake_backend, merging, arrays):
    many = arrays(40)
    steps = [("add", many[2 * i], many[2 * i], many[2 * i + 1]) for i in range(20)]
    merged = merging.merge_launches(bound(fake_backend, *steps))
    assert 1 < len(merged) < 20
    assert all(len(launch.arrays) <= 16 for launch in merged)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["add", "multiply", "subtract", "maximum"]),
            *[st.integers(0, 4)] * 3,
        ),
        min_size=2,
        max_size=6,
    )
)
def test_any_order_of_operations(fake_backend, merging, steps):
    rng = np.random.default_rng(1)
    held = [
        fake_backend.from_host(rng.standard_normal((2, 3)).astype("float32"))
        for _ in range(5)
    ]
    named = [(name, held[out], held[a], held[b]) for name, out, a, b in steps]
    check(fake_backend, merging, 1, *named)


def test_random_words_are_drawn_where_they_are_used(fake_backend, merging, rng):
    key = fake_backend.from_host(np.array([3, 2**32 - 5], "uint32"))
    limit = fake_backend.from_host(np.array(2**31, "uint32"))
    words, flags = (fake_backend.empty((40,), d) for d in ("uint32", "bool"))

    def calls():
        draw = fake_backend.bind("hashed_words", words, (key,), {"shape": (40,)})
        return [draw, fake_backend.bind("less", flags, (words, limit), {})]

    for call in calls():
        call()
    expected = np.array(words), np.array(flags)
    words.fill(0)
    (launch,) = merging.merge_launches(calls())
    launch()
    np.testing.assert_array_equal(words, expected[0])
    np.testing.assert_array_equal(flags, expected[1])


def test_a_key_is_not_taken_by_the_element(fake_backend, merging):
    key = fake_backend.from_host(np.array([3, 5], "uint32"))
    words = fake_backend.empty((2,), "uint32")
    draw = fake_backend.bind("hashed_words", words, (key,), {"shape": (2,)})
    count = fake_backend.bind("add", key, (key, key), {})
    assert merging.merge_launches([count, draw]) == [count, draw]
    assert merging.merge_launches([draw, count]) == [draw, count]


def test_an_optimizers_sweep_is_one_launch(on_fake_backend, rng):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
    model.compile("adam", "mse")
    x, y = rng.standard_normal((16, 5)), rng.standard_normal((16, 3))
    model.fit(x, y, batch_size=8, epochs=2, verbose=0)
    program = next(iter(model._programs._made.values()))
    with program.executable.replay() as replay:
        (graph,) = on_fake_backend.joined(replay.program.calls)
    weights = 5 * 3 + 3
    sweeps = [c for c in graph.calls if getattr(c, "shape", None) == (weights,)]
    assert [len(launch.outs) for launch in sweeps] == [3]  # moments and weights


def test_results_have_names_of_their_own():
    source = importlib.import_module("kerasish_cupy.fused_source").fused_source
    body = (Step("add", (0, 1), "float32"), Step("exp", (2,), "float32"))
    two = source(body, ("float32", "float32"), (2, 3))
    assert two.out_params == "float32 y0, float32 y1"
    assert two.operation.splitlines()[-2:] == ["y0 = v2;", "y1 = v3;"]
    assert source(body, ("float32", "float32")).out_params == "float32 y"
