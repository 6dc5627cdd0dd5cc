"""Seeds: reproducible streams, keys that never repeat, and state inside a step."""

import os
import random
import subprocess
import sys
import threading

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import get_backend
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from kerasish.random import seed as seeds
from kerasish.random.seed import SeedGenerator, draw_seed, host_generator


def key_of(generator):
    return ops.convert_to_numpy(generator.next()).tolist()


def some_of_everything():
    return (
        draw_seed(),
        host_generator().random(),
        host_generator(5).random(),
        SeedGenerator().state.numpy().tolist(),
        ops.convert_to_numpy(seeds.make_key(None)).tolist(),
        random.random(),
        np.random.rand(),
    )


def test_set_random_seed_restarts_every_stream():
    seeds.set_random_seed(11)
    first = some_of_everything()
    second = some_of_everything()
    seeds.set_random_seed(11)
    assert some_of_everything() == first
    seeds.set_random_seed(12)
    other = some_of_everything()
    assert not any(a == b for a, b in zip(first, second, strict=True) if a != first[2])
    assert not any(a == b for a, b in zip(first, other, strict=True) if a != first[2])


def test_processes_differ_unless_seeded():
    script = "from kerasish.random.seed import *; {}print(draw_seed(), draw_seed())"

    def run(prefix):
        command = [sys.executable, "-c", script.format(prefix)]
        return subprocess.run(
            command, capture_output=True, text=True, check=True, env=environment()
        ).stdout

    assert run("") != run("")
    assert run("set_random_seed(3);") == run("set_random_seed(3);")


def environment():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}


def test_threads_share_the_stream_without_repeating_a_seed():
    def drawn_by(workers, each):
        seeds.set_random_seed(1)
        found = []
        threads = [
            threading.Thread(target=lambda: found.extend(draw_many(each)))
            for _ in range(workers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(found)

    def draw_many(count):
        return [draw_seed() for _ in range(count)]

    assert drawn_by(8, 50) == drawn_by(1, 400)


def test_drawn_seeds_fill_their_range():
    seeds.set_random_seed(1)
    drawn = np.array([draw_seed() for _ in range(1000)])
    assert len(set(drawn.tolist())) == 1000
    assert drawn.min() >= 0
    assert drawn.max() < 2**31
    # the mean of 1000 uniform values lies within 5 deviations of the middle
    assert abs(drawn.mean() / 2**31 - 0.5) < 5 / np.sqrt(12 * 1000)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "a", None])
def test_set_random_seed_wants_an_integer_in_range(seed):
    with pytest.raises(ValueError, match=r"no seed.\n.*\n.*\[0, 2\*\*32\)"):
        seeds.set_random_seed(seed)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "a"])
@pytest.mark.parametrize("use", [SeedGenerator, host_generator, seeds.make_key])
def test_seeds_are_integers_in_range(use, seed):
    with pytest.raises(ValueError, match="no seed"):
        use(seed)


def test_numpy_integers_are_seeds():
    assert key_of(SeedGenerator(np.int64(5))) == key_of(SeedGenerator(5))


def test_an_integer_gives_the_same_host_generator_every_time():
    first, second = host_generator(7), host_generator(7)
    assert first.random() == second.random()
    assert host_generator(8).random() != host_generator(7).random()


def test_a_seed_generator_gives_new_host_generators():
    generator = SeedGenerator(7)
    drawn = [host_generator(generator).random() for _ in range(3)]
    again = SeedGenerator(7)
    assert len(set(drawn)) == 3
    assert [host_generator(again).random() for _ in range(3)] == drawn


def test_the_state_is_a_variable_that_moves_on():
    generator = SeedGenerator(7)
    assert generator.state.dtype == "uint32"
    assert generator.state.shape == (2,)
    assert not generator.state.trainable
    keys = [key_of(generator) for _ in range(3)]
    assert keys == [[7, 1], [7, 2], [7, 3]]
    assert generator.state.numpy().tolist() == [7, 3]


def test_a_key_is_a_value_not_a_view_of_the_state():
    generator = SeedGenerator(7)
    key = generator.next()
    generator.next()
    assert ops.convert_to_numpy(key).tolist() == [7, 1]


def test_the_counter_goes_round():
    generator = SeedGenerator(7)
    generator.state.assign(np.array([7, 2**32 - 1], dtype=np.uint32))
    assert key_of(generator) == [7, 0]


def test_a_compiled_step_moves_the_state_on():
    generator = SeedGenerator(7)
    backend = get_backend()

    def step():
        return generator.next(), generator.next()

    run = compile_graph(trace(step, []), backend)
    assert generator.state.numpy().tolist() == [7, 0]
    keys = [[backend.to_host(k).tolist() for k in run()] for _ in range(2)]
    assert keys == [[[7, 1], [7, 2]], [[7, 3], [7, 4]]]
    assert key_of(generator) == [7, 5]


def test_compiled_steps_follow_set_random_seed():
    backend = get_backend()
    run = compile_graph(trace(lambda: seeds.make_key(None), []), backend)
    seeds.set_random_seed(3)
    first = [backend.to_host(run()).tolist() for _ in range(2)]
    seeds.set_random_seed(3)
    assert [backend.to_host(run()).tolist() for _ in range(2)] == first


def test_an_integer_is_the_same_key_in_every_run_of_a_step():
    backend = get_backend()
    zeros = backend.from_host(np.zeros(2, dtype=np.uint32))

    def step(x):
        return ops.add(x, seeds.make_key(3))

    run = compile_graph(trace(step, [Spec((2,), "uint32")]), backend)
    assert [backend.to_host(run(zeros)).tolist() for _ in range(2)] == [[3, 0]] * 2


@pytest.mark.parametrize(("seed", "name"), [(None, "seed_generator"), (3, "mine")])
def test_config_round_trip(seed, name):
    generator = SeedGenerator(seed, name=None if seed is None else name)
    config = generator.get_config()
    assert config == {"seed": seed, "name": name}
    assert SeedGenerator.from_config(config).name == name


def drawn_from_all():
    shared = ops.convert_to_numpy(seeds.make_key(None)).tolist()
    return draw_seed(), shared, random.random(), random.gauss(), np.random.normal()


def test_the_state_of_the_process_comes_back():
    seeds.set_random_seed(11)
    drawn_from_all()
    state = seeds.get_process_state()
    expected = [drawn_from_all() for _ in range(3)]
    seeds.set_random_seed(12)
    drawn_from_all()
    seeds.set_process_state(state)
    assert [drawn_from_all() for _ in range(3)] == expected


def test_a_state_from_before_the_shared_generator_leaves_it_alone(monkeypatch):
    monkeypatch.setattr(seeds, "_shared_generator", None)
    state = seeds.get_process_state()
    assert state["shared"] is None
    key = seeds._shared().state.numpy().tolist()
    seeds.set_process_state(state)
    assert seeds._shared().state.numpy().tolist() == key


def test_the_state_of_the_process_is_plain_and_a_copy():
    state = seeds.get_process_state()
    before = np.array(state["python"]["words"]), np.array(state["stream"]["buffer"])
    drawn_from_all()
    np.testing.assert_array_equal(state["python"]["words"], before[0])
    np.testing.assert_array_equal(state["stream"]["buffer"], before[1])
