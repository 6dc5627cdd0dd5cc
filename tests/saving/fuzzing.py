"""Damaged and hostile model files, made from good ones by chance.

`python -m tests.saving.fuzzing --cases 20000 --seed 1` makes the files, loads each in
a worker whose memory is bounded, and lists what did not end in a model or in an error
that names the file. A case is `(seed, number)`: the same numbers give the same file.
"""

import argparse
import contextlib
import copy
import io
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import traceback
import warnings
import zipfile
from pathlib import Path

import h5py
import numpy as np

from kerasish import layers, models, optimizers
from kerasish.errors import FileFormatError
from kerasish.saving.api import (
    load_model,
    load_weights,
    model_from_json,
    model_to_json,
    save_model,
    save_weights,
)

MEMORY = 2**31  # what a worker may take beyond what it has when it starts
SECONDS = 40  # for one file; the machine may be busy
_LIBRARIES = {"numpy", "h5py", "kerasish", "kerasish_numpy", *sys.stdlib_module_names}
_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "pickle.find_class",
    "ctypes.dlopen",
    "urllib.",
)
NUMBERS = (0, 1, -1, 2, 3, 7, 255, 10**6, 2**31, 10**9, 10**12, 2**63, 10**40, 0.5)
VALUES = (
    *NUMBERS,
    -0.0,
    1e308,
    float("nan"),
    float("inf"),
    None,
    True,
    False,
    "",
    "x",
    "relu",
    "float16",
    "string",
    "../../etc/passwd",
    "http://localhost/x",
    "os.system",
    "\udcff",
    "é" * 300,
    [],
    {},
    [[]],
    [None],
    [1, 2],
    [10**9, 10**9],
    {"class_name": "Dense"},
    {"class_name": "function", "config": "relu", "registered_name": "function"},
    {"class_name": "__lambda__", "config": {"value": "4wAA"}},
    {"class_name": "__numpy__", "config": {"value": [[1], 2], "dtype": "O"}},
    {"class_name": "system", "module": "os", "config": {"command": "true"}},
    {
        "class_name": "get_file",
        "module": "keras.utils",
        "config": {"origin": "http://localhost/x"},
        "registered_name": None,
    },
)


# good files -------------------------------------------------------------------------


def dense():
    """Return a compiled stack of layers."""
    model = models.Sequential(
        [
            layers.Input((4, 3)),
            layers.Flatten(),
            layers.Dense(5, "relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dropout(0.5, seed=1),
            layers.Dense(3, "softmax"),
        ]
    )
    rate = optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    loss = "sparse_categorical_crossentropy"
    model.compile(optimizers.Adam(rate), loss, metrics=["accuracy"])
    model.optimizer.build(model.trainable_variables)
    return model


def branched():
    """Return a model of images with branches, shared and nested layers."""
    inputs = layers.Input((6, 6, 2))
    shared = layers.Conv2D(2, 3, padding="same")
    x = layers.Add()([shared(inputs), shared(inputs * 2.0)])
    inner = models.Sequential([layers.Input((6, 6, 2)), layers.MaxPooling2D(2)])
    x = layers.GlobalAveragePooling2D()(inner(x))
    x = layers.Concatenate()([x, layers.Dense(2, dtype="float16")(x)])
    model = models.Model(inputs, layers.Dense(1)(x))
    model.compile(optimizers.SGD(0.1, momentum=0.9), "mse")
    return model


def recurrent():
    """Return a model of sequences."""
    inputs = layers.Input((5,), dtype="int32")
    x = layers.Embedding(7, 4)(inputs)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
    x = layers.TimeDistributed(layers.Dense(3))(x)
    x = layers.MultiHeadAttention(2, 2)(x, x)
    return models.Model(inputs, layers.GRU(2)(layers.LayerNormalization()(x)))


def looking_up():
    """Return a model with a vocabulary among its assets."""
    lookup = layers.IntegerLookup(output_mode="multi_hot")
    lookup.adapt(np.array([7, 5, 7, 300]))
    inputs = layers.Input((2,), dtype="int64")
    return models.Model(inputs, lookup(inputs))


MODELS = (dense, branched, recurrent, looking_up)


def good_files():
    """Return the files that cases are made from: (model's number, ending, bytes)."""
    made = []
    with tempfile.TemporaryDirectory() as folder:
        for number, make in enumerate(MODELS):
            model = make()
            for ending in (".keras", ".h5", ".weights.h5"):
                path = Path(folder, f"case{ending}")
                if make is looking_up and ending != ".keras":
                    continue
                save = save_weights if ending == ".weights.h5" else save_model
                save(model, path)
                made.append((number, ending, path.read_bytes()))
        made.extend(_sharded(number, make()) for number, make in enumerate(MODELS[:3]))
        for number, make in enumerate(MODELS):
            made.append((number, ".json", model_to_json(make()).encode()))
    return made


def _sharded(number, model):
    """Return weights in several files: the index's ending, and all by name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "case.weights.json")
        save_weights(model, path, max_shard_size=400 / 2**30)
        files = {p.name: p.read_bytes() for p in Path(folder).iterdir()}
    return number, ".weights.json", files


# mutations --------------------------------------------------------------------------


def choose(rng, options):
    """Return one of a sequence's members."""
    return options[int(rng.integers(len(options)))]


def damaged_bytes(rng, content):
    """Return bytes cut, flipped, overwritten, doubled or left out somewhere."""
    size = len(content)
    at, more = int(rng.integers(size)), int(rng.integers(1, 64))
    kind = choose(rng, ("cut", "flip", "flip", "block", "block", "double", "drop"))
    if kind == "cut":
        return content[:at]
    if kind == "double":
        return content[: at + more] + content[at:]
    if kind == "drop":
        return content[:at] + content[at + more :]
    changed = bytearray(content)
    if kind == "block":
        fill = choose(rng, (b"\0", b"\xff", b"\x7f", rng.bytes(1)))
        changed[at : at + more] = (fill * more)[: len(changed[at : at + more])]
        return bytes(changed)
    for _ in range(int(rng.integers(1, 9))):
        changed[int(rng.integers(size))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def places(value):
    """Return every (container, key) inside a JSON value."""
    found, stack = [], [value]
    while stack:
        held = stack.pop()
        keys = held if isinstance(held, dict) else range(len(held))
        for key in keys:
            found.append((held, key))
            if isinstance(held[key], (dict, list)):
                stack.append(held[key])
    return found


def mutated_json(rng, value):
    """Return a JSON value changed in one to three places, as text."""
    value = copy.deepcopy(value)
    for _ in range(int(rng.integers(1, 4))):
        found = places(value)
        if not found:
            break
        _mutate_place(rng, found, *choose(rng, found))
    text = json.dumps(value)
    if rng.random() < 0.02:
        text = choose(rng, ("[" * 10**5, '{"a":' * 300, "9" * 5000, "NaN", text[:-9]))
    return text


def _mutate_place(rng, found, held, key):
    kind = choose(rng, ("set", "set", "set", "drop", "rename", "swap", "nest", "many"))
    other, name = choose(rng, found)
    if kind == "set":
        held[key] = copy.deepcopy(choose(rng, VALUES))
    elif kind == "drop":
        del held[key]
    elif kind == "rename" and isinstance(held, dict):
        held[f"{key}_" if rng.random() < 0.5 else str(name)] = held.pop(key)
    elif kind == "swap":
        held[key] = copy.deepcopy(other[name])
    elif kind == "nest":
        for _ in range(int(choose(rng, (1, 3, 60, 150)))):
            held[key] = {"a": held[key]} if rng.random() < 0.5 else [held[key]]
    elif kind == "many" and isinstance(held, list):
        held.extend(copy.deepcopy(held[key]) for _ in range(20))


def mutated_zip(rng, content):
    """Return an archive with one member changed, renamed, doubled or left out."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    at = int(rng.integers(len(members)))
    if rng.random() < 0.5:
        at = 1  # the config
    name, held = members[at]
    kind = choose(rng, ("content", "content", "content", "rename", "double", "drop"))
    if kind == "content":
        members[at] = (name, _mutated_member(rng, name, held))
    elif kind == "rename":
        members[at] = (choose(rng, ("../x", "/abs", name.upper(), "a\\b", "")), held)
    elif kind == "double":
        members.append((name, held))
    else:
        del members[at]
    packed = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(packed, "w") as archive:
        warnings.simplefilter("ignore")
        for name, held in members:
            methods = (12, 14) if rng.random() < 0.01 else (0, 8)  # rare, or usual
            archive.writestr(name or "x", held, choose(rng, methods))
    return packed.getvalue()


def with_mutated_config(rng, ending, content):
    """Return a file whose description of the model was changed, and nothing else."""
    packed = io.BytesIO(content)
    if ending == ".h5":
        with h5py.File(packed, "r+") as root:
            described = [n for n in root.attrs if n.endswith("_config")]
            _mutate_text(rng, root, choose(rng, described))
        return packed.getvalue()
    with zipfile.ZipFile(packed) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    text = mutated_json(rng, json.loads(members["config.json"]))
    members["config.json"] = text.encode("utf-8", "surrogatepass")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, held in members.items():
            archive.writestr(name, held)
    return packed.getvalue()


def _mutated_member(rng, name, held):
    if name.endswith(".json") and rng.random() < 0.9:
        text = mutated_json(rng, json.loads(held))
        return text.encode("utf-8", "surrogatepass")
    if name.endswith(".h5") and rng.random() < 0.6:
        return mutated_hdf5(rng, held)
    return damaged_bytes(rng, held) if held else b"x"


def mutated_hdf5(rng, content):
    """Return an HDF5 file with an object or attribute changed through the library."""
    file = io.BytesIO(content)
    with h5py.File(file, "r+") as root:
        names = []
        root.visit(names.append)
        for _ in range(int(rng.integers(1, 4))):
            with contextlib.suppress(KeyError, ValueError, OSError, RuntimeError):
                _mutate_object(rng, root, choose(rng, names or ["/"]))
    return file.getvalue()


def _mutate_object(rng, root, name):
    kind = int(rng.integers(10))
    if kind <= 3 and len(root.attrs):
        _mutate_attribute(rng, root)
        return
    if kind == 4:
        thing = root[name]
        thing.attrs[choose(rng, [*thing.attrs, "dtype"])] = choose(rng, (1.5, "x", [3]))
        return
    if kind == 5:
        root.move(name, f"{name}_moved")
        return
    del root[name]
    if kind == 6:
        root[name] = choose(
            rng, (h5py.SoftLink("/"), h5py.ExternalLink("/etc/passwd", "/x"))
        )
    elif kind == 7:
        shape = choose(rng, ((), (0,), (3,), (5, 3), (10**6, 10**6), (2**40,)))
        dtype = choose(rng, ("f4", "f8", "i8", "S5", "c8", "?", "V2", "f2"))
        chunks = tuple(min(size, 4) for size in shape) if 0 not in shape else None
        root.create_dataset(name, shape, dtype, chunks=chunks or None)
    elif kind == 8:
        root.create_dataset(name, (4,), "f4", external=[("/etc/passwd", 0, 16)])
    elif kind == 9:
        layout = h5py.VirtualLayout((4,), "f4")
        layout[:] = h5py.VirtualSource("/etc/passwd", "y", (4,))
        root.create_virtual_dataset(name, layout)


def _mutate_text(rng, root, name):
    text = mutated_json(rng, json.loads(root.attrs[name]))
    root.attrs[name] = text.encode("utf-8", "surrogatepass")[:60000]


def _mutate_attribute(rng, root):
    name = choose(rng, list(root.attrs))
    value = root.attrs[name]
    if isinstance(value, str) and value.startswith("{"):
        _mutate_text(rng, root, name)
        return
    root.attrs[name] = choose(rng, (1, "x", b"\xff", np.zeros(3), ["a", "b"], 10**9))


def mutated_shards(rng, files):
    """Return weights in several files, one of which was changed or left out."""
    index = "case.weights.json"
    name = index if rng.random() < 0.5 else choose(rng, sorted(files))
    held, kind = files[name], rng.random()
    if kind < 0.1:
        return {n: content for n, content in files.items() if n != name or n == index}
    if kind < 0.4:
        return {**files, name: damaged_bytes(rng, held)}
    if name == index:
        text = mutated_json(rng, json.loads(held))
        return {**files, name: text.encode("utf-8", "surrogatepass")}
    return {**files, name: mutated_hdf5(rng, held)}


def case(seed, number, files):
    """Return one hostile file: (model's number, ending, bytes).

    In place of bytes it may be a dictionary of them by file name.
    """
    rng = np.random.default_rng([seed, number])
    which, ending, content = choose(rng, files)
    if ending == ".weights.json":
        return which, ending, mutated_shards(rng, content)
    kind = rng.random()
    if ending == ".json":
        if kind < 0.1:
            return which, ending, damaged_bytes(rng, content)
        text = mutated_json(rng, json.loads(content))
        return which, ending, text.encode("utf-8", "surrogatepass")
    if kind < 0.2:
        return which, ending, damaged_bytes(rng, content)
    if kind < 0.7 and ending != ".weights.h5":
        return which, ending, with_mutated_config(rng, ending, content)
    mutated = mutated_zip if ending == ".keras" else mutated_hdf5
    return which, ending, mutated(rng, content)


# loading ----------------------------------------------------------------------------


class Watch:
    """What loading did outside the file, told by Python's audit events."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.allowed = (self.folder, sys.prefix, sys.base_prefix, os.getcwd())
        self.seen = []
        self.on = False
        sys.addaudithook(self._hook)

    def _hook(self, event, args):
        if not self.on:
            return
        if event.startswith(_FORBIDDEN):
            self.seen.append(f"{event} {args!r}"[:200])
        elif event == "import" and args[0].partition(".")[0] not in _LIBRARIES:
            self.seen.append(f"import {args[0]}")
        elif event == "open" and isinstance(args[0], (str, bytes)):
            path = os.path.abspath(os.fsdecode(args[0]))
            if not path.startswith(self.allowed) and not path.startswith("/tmp/tmp"):
                self.seen.append(f"open {path}")


def load(which, ending, path, known):
    """Load a file as its ending says; return "loaded", "refused" or what went wrong."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if ending.startswith(".weights"):
                load_weights(known[which], path)
            elif ending == ".json":
                model_from_json(path.read_bytes().decode("utf-8", "surrogateescape"))
            else:
                load_model(path)
        return "loaded"
    except FileFormatError as error:
        name = "json_string" if ending == ".json" else str(path)
        if name not in str(error):
            return f"failure: the error does not name the file: {error}"
        if "MemoryError" in str(error) and ending != ".json":
            return "failure: " + str(error)
        return "refused"
    except BaseException as error:
        lines = traceback.format_exc().splitlines()
        return f"failure: {type(error).__name__} " + " | ".join(lines[-6:])


def _worker(seed, pipe):
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        sys.stdout = sys.stderr = nowhere
        files, known = good_files(), [make() for make in MODELS]
        watch = Watch(folder)
        for which, ending, content in files:  # so that all there is to import is there
            path = _written(folder, ending, content)
            assert load(which, ending, path, known) == "loaded"
        _bound_memory()
        while (number := pipe.recv()) is not None:
            which, ending, content = case(seed, number, files)
            path = _written(folder, ending, content)
            watch.seen, watch.on = [], True
            outcome = load(which, ending, path, known)
            watch.on = False
            pipe.send(f"failure: {watch.seen}" if watch.seen else outcome)


def _written(folder, ending, content):
    """Write a case, and nothing else, into a folder; return its path."""
    for old in Path(folder).iterdir():
        old.unlink()
    files = content if isinstance(content, dict) else {f"case{ending}": content}
    for name, held in files.items():
        Path(folder, name).write_bytes(held)
    return Path(folder, f"case{ending}")


def _bound_memory():
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, now + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Worker:
    """A process that loads files one by one, and is replaced when it dies."""

    def __init__(self, seed):
        self.seed = seed
        self.process = None

    def run(self, number):
        """Return how one case ended."""
        if self.process is None:
            context = multiprocessing.get_context("spawn")
            self.pipe, theirs = context.Pipe()
            self.process = context.Process(target=_worker, args=(self.seed, theirs))
            self.process.start()
            theirs.close()
            wait = 120
        else:
            wait = SECONDS
        try:
            self.pipe.send(number)
            if not self.pipe.poll(wait):
                self.stop(kill=True)
                return "failure: took too long"
            return self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            code = self.process.exitcode
            self.process = None
            return f"failure: the process died with {code}"

    def stop(self, kill=False):
        """End the process."""
        if self.process is None:
            return
        if kill:
            self.process.kill()
        else:
            self.pipe.send(None)
        self.process.join()
        self.process = None


def _share(job):
    seed, numbers = job
    worker, outcomes = Worker(seed), {}
    for number in numbers:
        outcomes[number] = worker.run(number)
    worker.stop()
    return outcomes


def run(cases, seed, first=0, processes=2):
    """Return how each of many cases ended, by number."""
    from concurrent.futures import ThreadPoolExecutor

    numbers = range(first, first + cases)
    jobs = [(seed, numbers[i::processes]) for i in range(processes)]
    outcomes = {}
    with ThreadPoolExecutor(processes) as pool:
        for share in pool.map(_share, jobs):
            outcomes.update(share)
    return outcomes


def main():
    """Run the cases asked for, print a summary, and keep the numbers that failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--save", default="fuzzing_failures.json")
    given = parser.parse_args()
    outcomes = run(given.cases, given.seed, given.first, given.processes)
    failed = {n: o for n, o in sorted(outcomes.items()) if o.startswith("failure")}
    for word in ("loaded", "refused"):
        print(f"{word:8} {sum(o == word for o in outcomes.values())}")
    print(f"failed   {len(failed)}")
    for number, outcome in list(failed.items())[:40]:
        print(f"  seed {given.seed}, case {number}: {outcome[:600]}")
    if failed:
        held = {"seed": given.seed, "cases": failed}
        Path(given.save).write_text(json.dumps(held, indent=1))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
