"""Run as a script: record what real Keras computes, in float64.

    python -m tests.golden.record            # all families
    python -m tests.golden.record layers     # one

Needs the `parity` extra. Keras computes on JAX, in a process with 64 bits switched on
(its NumPy backend would turn to 32 bits on the way).
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
FAMILIES = ("ops", "optimizers", "layers", "losses", "metrics")


def path_of(family: str) -> Path:
    return FOLDER / f"{family}.json.gz"


def record(family: str) -> None:
    """Write the file of a family; say what Keras cannot compute, or in 32 bits only."""
    import keras

    import kerasish
    from kerasish.backend import set_floatx
    from tests.golden.cases import families
    from tests.golden.digest import DOUBLE, agree, digest
    from tests.layers.slopes import our_gradients
    from tests.parity.keras_gradients import their_gradients

    set_floatx("float64")
    found, single = {}, []
    for name, run in families()[family].items():
        try:
            results = run(keras, their_gradients)
        except Exception as error:
            print(f"{family} {name}: {type(error).__name__}: {error}"[:200])
            found[name] = None
            continue
        expected = [[list(r.shape), digest(r)] for r in results]
        # some of Keras's functions go by way of float32, whatever they are given
        in_double = agree(run(kerasish, our_gradients), expected, DOUBLE)
        found[name] = {"in_double": in_double, "results": expected}
        if not in_double:
            single.append(name)
    text = json.dumps(found, separators=(",", ":"))
    # no time stamp, so that equal numbers make equal files
    path_of(family).write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{family}: {len(found)} cases, {path_of(family).stat().st_size} bytes")
    print("in 32 bits:", *single)


def record_apart(family: str) -> None:
    """Record in a process whose Keras has float64 as its `floatx` from the start."""
    with tempfile.TemporaryDirectory() as home:
        config = {"floatx": "float64", "backend": "jax", "epsilon": 1e-7}
        config["image_data_format"] = "channels_last"
        Path(home, "keras.json").write_text(json.dumps(config), encoding="utf-8")
        settings = {"KERAS_HOME": home, "KERAS_BACKEND": "jax", "JAX_ENABLE_X64": "1"}
        arguments = ["-W", "ignore", "-m", __spec__.name, "--here", family]
        command = [sys.executable, *arguments]
        subprocess.run(command, check=True, env={**os.environ, **settings})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        record(sys.argv[2])
    else:
        for chosen in sys.argv[1:] or FAMILIES:
            record_apart(chosen)
