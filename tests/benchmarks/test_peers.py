"""Every peer trains the same: in a process of its own, as the benchmarks run them."""

import numpy as np
import pytest

from benchmarks import peers
from benchmarks.cases import CASES, GROUPS
from benchmarks.peers import PEERS, floor_peer
from benchmarks.processes import WorkerError, running, time_import

CASE = "mlp64-adam-b32"
SAMPLES = 640
LIGHT = ("kerasish-numpy", "sklearn")
TRAINED = [
    name if name in LIGHT else pytest.param(name, marks=pytest.mark.slow)
    for name, peer in PEERS.items()
    if name != peers.FLOOR and peer.can(CASES[CASE], "fit")
]
SMALL = [
    case
    for group in GROUPS.values()
    for case in group[:1]
    if not case.name.startswith("mobilenet-1.0")
]


def installed(name):
    reason = peers.missing(PEERS[name], "cpu")
    if reason:
        pytest.skip(reason)
    return PEERS[name]


@pytest.mark.parametrize("name", TRAINED)
def test_a_peer_learns_and_answers(name):
    with running(installed(name)) as worker:
        first = worker.ask(f"make {CASE} {SAMPLES}")["first"]
        fits = [worker.ask("fit") for _ in range(3)]
        predict = worker.ask("predict-32")
        memory = worker.ask("memory")
    losses = [fit["loss"] for fit in fits]
    assert losses[0] > losses[1] > losses[2] > 0
    # ten classes: a guess costs log(10) = 2.3, and one label in ten cannot be known
    assert 0.1 < losses[0] < 2.3
    assert all(fit["steps"] == SAMPLES / 32 for fit in fits)
    assert all(fit["seconds"] > 0 for fit in fits)
    assert first > 0
    assert predict["seconds"] > 0
    assert predict["calls"] >= 3
    assert memory["bytes"] > 2**20


def test_a_process_goes_from_case_to_case():
    with running(PEERS["kerasish-numpy"]) as worker:
        for case, batch_size in (("scale-width-16", 32), ("scale-batch-8", 8)):
            worker.ask(f"make {case} 64")
            assert worker.ask("fit")["steps"] == 64 / batch_size
        worker.ask(f"make {CASE} 64")
        evaluated = worker.ask("evaluate")
    assert evaluated["loss"] > 0
    assert evaluated["seconds"] > 0


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_floors_are_positive(case, monkeypatch):
    monkeypatch.setattr(floor_peer, "_SECONDS", 0.0)
    floor = floor_peer.Floor(case, case.make_data(8))
    assert all(floor.seconds(m) > 0 for m in case.measures if m != "predict-10000")


@pytest.mark.parametrize(
    ("name", "measure", "num_parts"),
    [
        # three layers: each forward and to its kernel, two to their inputs; gathering
        # the batch, and one pass over the state
        (CASE, "fit", 3 + 3 + 2 + 1 + 1),
        (CASE, "evaluate", 3 + 1),
        (CASE, "predict-1", 3),
        # inputs and state of the cells, and the last layer: all pass gradients on
        ("lstm-b32", "fit", 3 * 3 + 1 + 1),
        # 2 blocks of 4 projections, 2 products of heads, 2 layers; the last layer
        ("transformer-b32", "predict-1", 2 * (4 + 2 + 2) + 1),
    ],
)
def test_the_floor_is_all_products_and_what_must_move(name, measure, num_parts):
    case = CASES[name]
    floor = floor_peer.Floor(case, case.make_data(8))
    assert len(floor.parts(measure)) == num_parts


def test_a_process_that_fails_says_why():
    with running(PEERS["kerasish-numpy"]) as worker:
        expected = r"(?s)kerasish on NumPy ended with status 1; .*no-such-case"
        with pytest.raises(WorkerError, match=expected):
            worker.ask("make no-such-case 10")


def test_a_process_that_takes_too_long_is_ended():
    expected = pytest.raises(WorkerError, match=r"`memory` took more than 0\.01 s")
    with running(PEERS["kerasish-numpy"], patience=0.01) as worker, expected:
        worker.ask("memory")


def test_import_is_timed_in_a_new_process():
    assert 0 < time_import(PEERS["kerasish-numpy"], "cpu") < 60


def test_what_cannot_run_is_named():
    assert peers.missing(PEERS["sklearn"], "gpu") == "does not run on a GPU"
    assert peers.missing(PEERS["kerasish-numpy"], "cpu") is None
    absent = peers.Peer("a", "A", "a_peer", "import absent_a", ("absent_a",))
    assert peers.missing(absent, "cpu") == "absent_a not installed"


@pytest.mark.parametrize(
    ("peer", "case", "measure", "can"),
    [
        ("sklearn", CASE, "fit", True),
        ("sklearn", CASE, "evaluate", False),
        ("sklearn", "lstm-b32", "fit", False),
        ("onnxruntime", "cnn-b128", "fit", False),
        ("onnxruntime", "mobilenet-0.35-96", "predict-1", True),
        ("onnxruntime", "mobilenet-0.35-96", "predict-10000", False),
        ("onnxruntime", "transformer-b32", "predict-1", False),
        ("raw-jax", "transformer-b32", "predict-1", True),
    ],
)
def test_peers_are_asked_only_what_they_can_do(peer, case, measure, can):
    assert PEERS[peer].can(CASES[case], measure) is can


def test_the_environment_keeps_to_the_device():
    on_cpu = peers.environment(PEERS["keras-torch"], "cpu")
    assert on_cpu["KERAS_BACKEND"] == "torch"
    assert on_cpu["CUDA_VISIBLE_DEVICES"] == ""
    on_gpu = peers.environment(PEERS["kerasish-cupy"], "gpu")
    assert on_gpu["KERASISH_BACKEND"] == "cupy"
    assert "CUDA_VISIBLE_DEVICES" not in on_gpu


@pytest.mark.slow
@pytest.mark.parametrize("name", ["raw-jax", "raw-torch", "onnxruntime"])
@pytest.mark.parametrize("case", ["cnn-b128", "mobilenet-0.35-96"])
def test_raw_models_answer_in_the_right_form(name, case):
    with running(installed(name)) as worker:
        worker.ask(f"make {case} 8")
        # the worker checks the shape, and that the numbers are finite
        assert worker.ask("predict-1")["seconds"] > 0


def test_the_mean_time_of_a_part_is_positive(monkeypatch):
    monkeypatch.setattr(floor_peer, "_SECONDS", 0.0)
    calls = []
    times = floor_peer._mean_times([lambda: calls.append(np.ones(10).sum())])
    assert len(calls) == 2
    assert times[0] > 0
