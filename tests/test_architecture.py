"""The house rules that a machine can hold, read off the source without running it.

Imports go down one list only, `numpy` stays with host-side work, backends know the
contract and nothing else, and files and functions stay small. The tables at the top are
the rules; a new room or a new exception is a line there, with its reason.
"""

import ast
import functools
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "kerasish"
BACKENDS = ROOT / "backends"

# Top to bottom. A room may import its own row and the rows below.
ROWS = (
    {"cli", "__main__"},
    {"models"},
    {"training"},
    {"layers", "losses", "metrics", "optimizers", "callbacks"},
    {"activations", "initializers", "regularizers", "constraints", "random"},
    {"ops"},
    {"graph", "saving", "dtype_policies"},
    {"backend"},
    {"errors", "left_out"},
)

# Rooms beside the list: the topmost room they may import, and who may import them.
# (`utils` reaches up to `random` because `set_random_seed` is public there.)
BESIDE = {
    "applications": ("models", set()),
    "datasets": ("saving", set()),
    "gradients": ("ops", set()),
    "preprocessing": ("errors", set()),
    "tree": ("graph", set()),
    "utils": (
        "random",
        {
            "models",
            "training",
            "layers",
            "callbacks",
            "datasets",
            "preprocessing",
            "visualization",
            "wrappers",
            "applications",
        },
    ),
    "visualization": ("ops", set()),
    "wrappers": ("models", set()),
}

# Modules that only gather names for users: they import any room, no room imports them.
FACES = {"__init__", "config", "mixed_precision", "scopes"}

# Tensor math goes through `kerasish.ops`. These import NumPy for host-side work.
NUMPY_ALLOWED = {
    "kerasish/cli/": "arrays in files, and predictions, are host arrays",
    "kerasish/backend/": "the contract names the host array of every transfer",
    "kerasish/datasets/": "reads data files into host arrays",
    "kerasish/graph/interpret.py": "checks values on the host for NaN and infinity",
    "kerasish/graph/variable.py": "initial values, and copies handed to the user",
    "kerasish/initializers/": "initial values are drawn on the host, for all backends",
    "kerasish/layers/embedding.py": "a matrix given as initial values",
    "kerasish/layers/preprocessing/": "texts and categories are host data",
    "kerasish/layers/tracking.py": "get_weights and set_weights exchange host arrays",
    "kerasish/ops/activation.py": "constants that depend on shapes alone",
    "kerasish/ops/attention.py": "constants that depend on shapes alone",
    "kerasish/ops/counting.py": "constants that depend on shapes alone",
    "kerasish/ops/creation.py": "constants that depend on shapes alone",
    "kerasish/ops/declare.py": "Python numbers and host arrays become constants",
    "kerasish/ops/einstein_sum.py": "the order of products, from shapes alone",
    "kerasish/ops/indexing.py": "constants that depend on shapes alone",
    "kerasish/ops/quantiles.py": "the wanted shares are a setting, checked on the host",
    "kerasish/ops/random_bits.py": "constants that depend on shapes alone",
    "kerasish/ops/rounding.py": "limits of dtypes",
    "kerasish/ops/scattering.py": "constants that depend on shapes alone",
    "kerasish/ops/sequences.py": "constants that depend on shapes alone",
    "kerasish/ops/sets.py": "constants, and results whose shape depends on values",
    "kerasish/ops/slicing.py": "constants that depend on shapes alone",
    "kerasish/ops/tapers.py": "constants that depend on a length alone",
    "kerasish/ops/whole_numbers.py": "limits of dtypes",
    "kerasish/optimizers/": "initial values of the state",
    "kerasish/random/": "seeds and host draws",
    "kerasish/saving/": "files hold host arrays",
    "kerasish/training/": "batches are gathered, and results collected, on the host",
    "kerasish/utils/": "data preparation before training",
    "kerasish/applications/imagenet_utils.py": "constants, and names for people",
    "kerasish/visualization/": "pictures for people are made on the host",
    "kerasish/wrappers/": "data comes from scikit-learn, and goes there",
}

# What a backend may know of kerasish; a package stands for all of its modules.
CONTRACT = (
    "kerasish.backend",
    "kerasish.errors",
    "kerasish.graph.plan",
)

# Packages that may be missing; importing them inside a function is right.
OPTIONAL = {
    "PIL",
    "cupy",
    "IPython",
    "matplotlib",
    "numba",
    "pandas",
    "polars",
    "pydot",
    "rich",
    "scipy",
    "sklearn",
    "tensorboard",
}

# Importing kerasish must load none of these.
# most runs need none of these, or not before they have begun
ON_FIRST_USE = {"h5py", "hashlib", "multiprocessing", "socket", "wave"}
HEAVY = (
    OPTIONAL | ON_FIRST_USE | {"jax", "keras", "kerasish_cupy", "tensorflow", "torch"}
)

MAX_FILE_LINES = 600  # a package's `__all__` left out
MAX_FUNCTION_LINES = 70


class Import(NamedTuple):
    """One imported module, where it stands, and when it happens."""

    target: str
    where: str
    hidden: bool  # inside a function
    for_types: bool  # under `if TYPE_CHECKING`, so never when running


def sources(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@functools.cache
def module_name(path: Path) -> str:
    root = BACKENDS if BACKENDS in path.parents else ROOT
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def known_modules() -> frozenset[str]:
    return frozenset(module_name(path) for path in sources(PACKAGE, BACKENDS))


def package_of(path: Path) -> list[str]:
    parts = module_name(path).split(".")
    return parts if path.name == "__init__.py" else parts[:-1]


def imported_from(node: ast.ImportFrom, path: Path) -> Iterator[str]:
    """Yield what a `from` statement imports: modules, or the module of the names."""
    base = node.module or ""
    if node.level:
        above = package_of(path)
        kept = above[: len(above) - node.level + 1]
        base = ".".join([*kept, *([base] if base else [])])
    for alias in node.names:
        inner = f"{base}.{alias.name}"
        yield inner if inner in known_modules() else base


def inside(tree: ast.Module, is_outer: Callable[[ast.AST], bool]) -> set[ast.AST]:
    """Return all nodes that lie inside a node for which `is_outer` holds."""
    outer = [node for node in ast.walk(tree) if is_outer(node)]
    return {inner for node in outer for inner in ast.walk(node)}


def is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


@functools.cache
def imports(path: Path) -> tuple[Import, ...]:
    tree = parsed(path)
    in_function, for_types = inside(tree, is_function), inside(tree, is_for_types)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            targets = list(imported_from(node, path))
        else:
            continue
        where = f"{shown(path)}:{node.lineno}"
        times = (node in in_function, node in for_types)
        found += [Import(target, where, *times) for target in targets]
    return tuple(dict.fromkeys(found))


def top(module: str) -> str:
    return module.partition(".")[0]


def room_of(module: str) -> str:
    """Return the room of a kerasish module; `__init__` for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def row_of(room: str) -> int:
    """Return the number of a room's row; below all others for one without a place."""
    return next((row for row, rooms in enumerate(ROWS) if room in rooms), len(ROWS))


def may_import(room: str, other: str) -> bool:
    if room == other or room in FACES:
        return True
    if other in FACES:
        return False
    if other in BESIDE:
        return room in BESIDE[other][1]
    start = BESIDE[room][0] if room in BESIDE else room
    return row_of(other) >= row_of(start)


def find_cycle(edges: dict[str, set[str]]) -> list[str]:
    """Return the nodes of one cycle, first and last the same, or an empty list."""
    done: set[str] = set()

    def visit(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        for following in sorted(edges.get(node, ())):
            cycle = visit(following, [*path, node])
            if cycle:
                return cycle
        done.add(node)
        return []

    return next((cycle for node in sorted(edges) if (cycle := visit(node, []))), [])


def test_every_room_has_a_place():
    rooms = {room_of(module_name(path)) for path in sources(PACKAGE)}
    placed = set().union(*ROWS) | set(BESIDE) | FACES
    assert rooms - placed == set(), "give the room a row in ROWS, or a line in BESIDE"


def test_imports_go_down_only():
    wrong = [
        f"{found.where}: {room} imports {found.target}"
        for path in sources(PACKAGE)
        for found in imports(path)
        if top(found.target) == "kerasish"
        and not may_import(room := room_of(module_name(path)), room_of(found.target))
    ]
    assert wrong == []


def test_no_module_imports_itself_around_a_corner():
    edges = {
        module_name(path): {
            found.target
            for found in imports(path)
            if found.target in known_modules() - {module_name(path)}
            and not found.for_types
        }
        for path in sources(PACKAGE, BACKENDS)
    }
    assert find_cycle(edges) == []


def test_rooms_of_one_row_form_no_cycle():
    edges: dict[str, set[str]] = {}
    for path in sources(PACKAGE):
        room = room_of(module_name(path))
        others = {
            room_of(found.target)
            for found in imports(path)
            if top(found.target) == "kerasish"
        }
        edges.setdefault(room, set()).update(others - {room})
    assert find_cycle(edges) == []


def test_backends_import_the_contract_and_nothing_else_of_kerasish():
    wrong = [
        f"{found.where}: {found.target}"
        for path in sources(BACKENDS)
        for found in imports(path)
        if top(found.target) == "kerasish"
        and not any(
            found.target == allowed or found.target.startswith(f"{allowed}.")
            for allowed in CONTRACT
        )
    ]
    assert wrong == []


# the Numba backend is NumPy's, with some kernels replaced
STANDS_ON = {"kerasish_numba": {"kerasish_numpy"}}


def test_backends_do_not_know_each_other():
    names = {folder.name for folder in BACKENDS.iterdir() if folder.is_dir()}
    wrong = [
        f"{found.where}: {found.target}"
        for path in sources(BACKENDS)
        for found in imports(path)
        for own in [top(module_name(path))]
        if top(found.target) in names - {own} - STANDS_ON.get(own, set())
    ]
    assert wrong == []


def test_kerasish_finds_backends_by_name_and_imports_none():
    wrong = [
        f"{found.where}: {found.target}"
        for path in sources(PACKAGE)
        for found in imports(path)
        if top(found.target) in {"cupy", "cupyx", "numba"}
        or top(found.target).startswith("kerasish_")
    ]
    assert wrong == []


def numpy_importers() -> dict[str, str]:
    return {
        shown(path): found.where
        for path in sources(PACKAGE)
        for found in imports(path)
        if top(found.target) == "numpy"
    }


def test_only_host_side_modules_import_numpy():
    wrong = [
        where
        for name, where in numpy_importers().items()
        if not any(name.startswith(allowed) for allowed in NUMPY_ALLOWED)
    ]
    assert wrong == [], "use kerasish.ops, or add the module with its reason"


def test_every_numpy_permission_is_used():
    unused = [
        allowed
        for allowed in NUMPY_ALLOWED
        if not any(name.startswith(allowed) for name in numpy_importers())
    ]
    assert unused == []


def test_imports_stand_at_the_top_except_of_optional_packages():
    wrong = [
        f"{found.where}: {found.target}"
        for path in sources(PACKAGE)
        for found in imports(path)
        if found.hidden and top(found.target) not in OPTIONAL | ON_FIRST_USE
    ]
    assert wrong == []


def test_no_star_imports():
    wrong = [
        f"{shown(path)}:{node.lineno}"
        for path in sources(PACKAGE, BACKENDS)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
    ]
    assert wrong == []


def assigned_names(path: Path) -> set[str]:
    return {
        target.id
        for node in parsed(path).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def test_every_package_lists_its_public_names():
    missing = [
        shown(path)
        for path in sources(PACKAGE)
        if path.name == "__init__.py" and "__all__" not in assigned_names(path)
    ]
    assert missing == []


def test_no_module_hides_an_array_package():
    wrong = [
        shown(path)
        for path in sources(PACKAGE, BACKENDS)
        if {path.stem, path.parent.name} & {"numpy", "cupy", "numba"}
    ]
    assert wrong == []


def test_every_module_has_a_docstring():
    missing = [
        shown(path)
        for path in sources(PACKAGE, BACKENDS)
        if not ast.get_docstring(parsed(path))
    ]
    assert missing == []


def lines_of(path: Path) -> int:
    """Return the lines of a file, but for a package's list of its public names."""
    lists = [
        node.end_lineno - node.lineno
        for node in parsed(path).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    return len(path.read_text(encoding="utf-8").splitlines()) - sum(lists)


def test_files_are_short():
    long = {
        shown(path): lines
        for path in sources(PACKAGE, BACKENDS, ROOT / "tests")
        if (lines := lines_of(path)) > MAX_FILE_LINES
    }
    assert long == {}


def test_functions_are_short():
    long = [
        f"{shown(path)}:{node.lineno} {node.name}: {lines} lines"
        for path in sources(PACKAGE, BACKENDS)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := node.end_lineno - node.lineno + 1) > MAX_FUNCTION_LINES
    ]
    assert long == []


def test_loading_a_file_can_run_nothing():
    """Nothing in `saving` unpickles or evaluates what a file says."""
    banned_calls = {"eval", "exec", "compile", "__import__"}
    banned_modules = {"cloudpickle", "dill", "importlib", "marshal", "pickle", "shelve"}
    paths = sources(PACKAGE / "saving")
    modules = [
        f"{found.where}: {found.target}"
        for path in paths
        for found in imports(path)
        if top(found.target) in banned_modules
    ]
    calls = [
        f"{shown(path)}:{node.lineno}: {node.func.id}"
        for path in paths
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in banned_calls
    ]
    assert modules + calls == []


def test_importing_kerasish_is_light_and_silent():
    script = "import sys, kerasish; print(*sys.modules)"
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        check=False,
    )
    assert finished.stderr == ""
    assert finished.returncode == 0
    (line,) = finished.stdout.splitlines()
    assert {top(name) for name in line.split()} & HEAVY == set()
