"""Hostile model files, made on the spot, and a process that loads files under watch.

The process is told of every import, process, socket and opened file, and has a bound on
its memory.
"""

import io
import json
import marshal
import subprocess
import sys
import textwrap
import zipfile
from base64 import b64encode

import h5py
import numpy as np

from kerasish import layers, models
from kerasish.saving.api import save_model

_LOADING = """
    import json, resource, sys, warnings
    warnings.simplefilter("ignore")
    from kerasish.saving.api import load_model
    for path in sys.argv[1:]:
        load_model(path)  # what is imported late, is now there
    path, seen, watching = "", [], False
    names = ("import", "exec", "socket.", "subprocess.", "os.system", "pickle.",
        "marshal.", "ctypes.", "os.posix_spawn", "os.exec", "os.fork", "urllib.")
    def hook(event, args):
        if not watching:
            return
        elsewhere = event == "open" and str(args[0]) != path
        if event.startswith(names) or elsewhere and "/tmp/tmp" not in str(args[0]):
            seen.append((event, str(args)[:80]))
    sys.addaudithook(hook)
    now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + 2**29, now + 2**29))
    for line in sys.stdin:
        path, safe_mode = json.loads(line)
        seen, watching = [], True
        try:
            if path == "touch":  # to see that it would be seen
                import colorsys
                open("/dev/null").close()
            load_model(path, safe_mode=safe_mode)
            said = "loaded"
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
        watching = False
        print(json.dumps([said, seen]), flush=True)
"""


class Loader:
    """A process that loads files one after another.

    Args:
        folder: Where to put files that are as they should be.
    """

    def __init__(self, folder):
        good = [str(folder / "good.keras"), str(folder / "good.h5")]
        for path in good:
            save_model(small(), path)
        command = [sys.executable, "-c", textwrap.dedent(_LOADING), *good]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def load(self, path, safe_mode=True):
        """Return what loading a file says, and what else was touched."""
        line = json.dumps([str(path), safe_mode])
        print(line, file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def close(self):
        """End the process."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def small():
    """Return a model with one layer of weights."""
    return models.Sequential([layers.Input((3,)), layers.Dense(2, name="d")])


def archive(path, config, weights=None):
    """Write a `.keras` file with any configuration."""
    if weights is None:
        weights = io.BytesIO()
        h5py.File(weights, "w").close()
        weights = weights.getvalue()
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", '{"keras_version": "3.15.1"}')
        file.writestr("config.json", json.dumps(config))
        file.writestr("model.weights.h5", weights)
    return path


def legacy(path, config):
    """Write an `.h5` file with any configuration."""
    with h5py.File(path, "w") as root:
        root.attrs["model_config"] = json.dumps(config)
        root.create_group("model_weights").attrs["layer_names"] = np.zeros(0)
    return path


WRITERS = {".keras": archive, ".h5": legacy}


def stack(*configs):
    """Return the config of a Sequential of three numbers with more layers."""
    first = held("InputLayer", batch_shape=[None, 3])
    inner = {"name": "m", "layers": [first, *configs]}
    return {"module": "keras", "class_name": "Sequential", "config": inner}


def held(class_name, module="keras.layers", **config):
    """Return the config of an object."""
    return {"module": module, "class_name": class_name, "config": config}


def code():
    """Return a function as Keras marshals it: it would write a file."""
    compiled = compile("open('/tmp/owned', 'w')", "x", "eval")
    return b64encode(marshal.dumps(compiled)).decode()
