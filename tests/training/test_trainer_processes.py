"""What only a process of its own shows: output, exact repetition, peak memory."""

import ast
import sys

import pytest

from tests.training.interpreter import python

MAKE_MODEL = """
import numpy as np, kerasish
kerasish.utils.set_random_seed(7)
rng = np.random.default_rng(0)
x = rng.normal(size=(64, 6)).astype("float32")
y = x[:, :2] @ np.ones((2, 1), "float32")
model = kerasish.Sequential([
    kerasish.Input((6,)),
    kerasish.layers.Dense(16, activation="relu"),
    kerasish.layers.Dropout(0.2),
    kerasish.layers.Dense(1),
])
model.compile("adam", "mse", metrics=["mae"])
"""


# output ---------------------------------------------------------------------------


def test_importing_prints_nothing():
    assert python("import kerasish") == ""


@pytest.mark.parametrize(
    "call",
    [
        "model.fit(x, y, epochs=3, verbose=0, validation_split=0.2)",
        "model.evaluate(x, y, verbose=0)",
        "model.predict(x, verbose=0)",
        "model.train_on_batch(x, y), model.predict_on_batch(x)",
    ],
)
def test_verbose_0_prints_nothing(call):
    assert python(MAKE_MODEL + call) == ""


@pytest.mark.parametrize(
    ("verbose", "num_lines"), [("", 3), (", verbose='auto'", 3), (", verbose=2", 6)]
)
def test_a_log_file_gets_a_line_an_epoch(verbose, num_lines, tmp_path):
    call = f"model.fit(x, y, batch_size=4, epochs=3, validation_split=0.25{verbose})"
    path = tmp_path / "log"
    with path.open("w") as log:
        python(MAKE_MODEL + call, stdout=log)
    text = path.read_text()
    assert not set(text) & {"\b", "\r", "\x1b"}
    assert len(text.splitlines()) == num_lines  # Keras's own 2 has a line to itself
    logs = [line for line in text.splitlines() if "loss" in line]
    assert len(logs) == 3
    for name in ("12/12", " loss: ", " mae: ", " val_loss: ", " val_mae: "):
        assert all(name in line for line in logs)


@pytest.mark.parametrize(
    ("call", "num_batches"), [("evaluate(x, y)", 2), ("predict(x)", 2)]
)
def test_evaluate_and_predict_write_a_line(call, num_batches):
    lines = python(f"{MAKE_MODEL}model.{call}").splitlines()
    assert len([line for line in lines if line]) == 1
    assert lines[-1].startswith(f"{num_batches}/{num_batches}")


# repetition -----------------------------------------------------------------------

FINGERPRINT = """
import hashlib
model.fit(x, y, batch_size=10, epochs=3, verbose=0, validation_split=0.25)
state = [v.numpy() for v in (*model.weights, *model.optimizer.variables)]
print(hashlib.sha256(b"".join(s.tobytes() for s in state)).hexdigest())
"""


def test_the_seed_repeats_a_run_in_another_process_bit_by_bit():
    code = MAKE_MODEL + FINGERPRINT
    runs = {python(code, PYTHONHASHSEED=seed) for seed in ("1", "2")}
    assert len(runs) == 1
    other = code.replace("set_random_seed(7)", "set_random_seed(8)")
    assert python(other) not in runs


# memory ---------------------------------------------------------------------------

PEAK = """
from pathlib import Path
import numpy as np, kerasish

def peak():
    # not ru_maxrss, which a child process inherits from its parent
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])

model = kerasish.Sequential([
    kerasish.Input((28, 28)),
    kerasish.layers.Flatten(),
    kerasish.layers.Dense(64, activation="relu"),
    kerasish.layers.Dense(10, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
rng = np.random.default_rng(0)
x = rng.random((60000, 28, 28))
y = rng.integers(0, 10, 60000)
model.fit(x, y, batch_size=256, epochs=1, verbose=0, validation_split=0.1)
model.evaluate(x, y, batch_size=256, verbose=0)
print({"peak": peak(), "arrays": x.nbytes + y.nbytes})
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
def test_float64_data_is_not_copied():
    """An array the size of MNIST in float64, 376 MB, is converted batch by batch.

    A float32 copy would add a half of it, a shuffled one the whole. Interpreter, NumPy
    and libraries take some 60 MB; 150 MB leave room for other versions of them.
    """
    found = ast.literal_eval(python(PEAK))
    assert found["peak"] < 1.3 * found["arrays"] + 150e6
