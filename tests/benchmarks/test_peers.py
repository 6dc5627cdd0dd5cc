"""Every peer trains the same: in a process of its own, as the benchmarks run them."""

import numpy as np
import pytest

from benchmarks import peers
from benchmarks.cases import CASES, initial_weights, make_data
from benchmarks.peers import PEERS, floor_peer
from benchmarks.processes import WorkerError, running, time_import

SAMPLES = 640
LIGHT = ("kerasish", "sklearn")
TRAINED = [
    name if name in LIGHT else pytest.param(name, marks=pytest.mark.slow)
    for name in PEERS
    if name != peers.FLOOR
]


def installed(name):
    reason = peers.missing(PEERS[name], "cpu")
    if reason:
        pytest.skip(reason)
    return PEERS[name]


@pytest.mark.parametrize("name", TRAINED)
def test_a_peer_learns_and_answers(name):
    with running(installed(name), "mlp64-adam-b32", SAMPLES, "cpu") as worker:
        worker.wait_until_ready()
        fits = [worker.ask("fit") for _ in range(3)]
        predict = worker.ask("predict")
        memory = worker.ask("memory")
    losses = [fit["loss"] for fit in fits]
    assert losses[0] > losses[1] > losses[2] > 0
    # ten classes: a guess costs log(10) = 2.3, and one label in ten cannot be known
    assert 0.1 < losses[0] < 2.3
    assert all(fit["steps"] == SAMPLES / 32 for fit in fits)
    assert all(fit["seconds"] > 0 for fit in fits)
    assert predict["seconds"] > 0
    assert predict["calls"] >= 5
    assert memory["bytes"] > 2**20


@pytest.mark.parametrize("case", CASES)
def test_floor_is_all_products_and_one_pass_over_the_state(case):
    floor = floor_peer.Floor(CASES[case], SAMPLES)
    # three layers: each forward and to its kernel, two to their inputs
    assert len(floor._parts) == 3 + 3 + 2 + 1
    assert floor.time_epoch() > 0


def test_floor_predicts_with_the_products_alone():
    case, sample = CASES["mlp64-adam-b32"], make_data(1).x
    first, second, third = (kernel for kernel, _ in initial_weights(case))
    expected = sample.astype("float64") @ first @ second @ third
    given = floor_peer.Floor(case, SAMPLES).predict(sample)
    # sums of up to 784 float32 products, of order one
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-4)


def test_a_process_that_fails_says_why():
    with running(PEERS["kerasish"], "no-such-case", SAMPLES, "cpu") as worker:
        expected = r"(?s)kerasish ended with status 2; .*invalid choice: 'no-such-case'"
        with pytest.raises(WorkerError, match=expected):
            worker.wait_until_ready()


def test_import_is_timed_in_a_new_process():
    assert 0 < time_import(PEERS["kerasish"], "cpu") < 60


def test_what_cannot_run_is_named():
    assert peers.missing(PEERS["sklearn"], "gpu") == "does not run on a GPU"
    assert peers.missing(PEERS["kerasish"], "cpu") is None
    absent = peers.Peer("a", "A", "a_peer", "import absent_a", ("absent_a",))
    assert peers.missing(absent, "cpu") == "absent_a not installed"


def test_the_environment_keeps_to_the_device():
    on_cpu = peers.environment(PEERS["keras-torch"], "cpu")
    assert on_cpu["KERAS_BACKEND"] == "torch"
    assert on_cpu["CUDA_VISIBLE_DEVICES"] == ""
    on_gpu = peers.environment(PEERS["kerasish"], "gpu")
    assert on_gpu["KERASISH_BACKEND"] == "cupy"
    assert "CUDA_VISIBLE_DEVICES" not in on_gpu
