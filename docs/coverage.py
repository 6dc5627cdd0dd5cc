"""Compare kerasish with an installed Keras: public names and signatures.

    python docs/coverage.py            # writes docs/coverage.md
    python docs/coverage.py --check    # exits with 1 if a signature disagrees

Keras must be importable (the `parity` extra). `compare()` is what the tests use.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

PAGE = Path(__file__).parent / "coverage.md"
MODULES = (
    "",
    "activations",
    "applications",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "distribution",
    "dtype_policies",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "ops",
    "optimizers",
    "optimizers.schedules",
    "preprocessing.image",
    "preprocessing.sequence",
    "random",
    "regularizers",
    "saving",
    "tree",
    "utils",
    "visualization",
    "wrappers",
)
# Parameters that mean nothing here, by what they stand for.
ABSENT = {"sparse", "ragged", "layout"}
# Where signatures differ on purpose: (module, name) -> why.
DIFFERENT = {
    ("", "Input"): "`sparse` and `ragged` must be false",
    ("callbacks", "TensorBoard"): "what belongs to TensorFlow's profiler is accepted",
}


@dataclass
class Coverage:
    """One module of Keras, name by name.

    Attributes:
        module: Its name without `keras.`; empty for the top.
        present: Names that are here with Keras's signature.
        missing: Names that are not here.
        left_out: Names that are not here on purpose.
        differing: Names whose signature disagrees: `(name, Keras's, ours)`.
    """

    module: str
    present: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    differing: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Number of Keras's names."""
        counted = self.present, self.missing, self.left_out, self.differing
        return sum(map(len, counted))

    @property
    def share(self) -> float:
        """Share of Keras's names that are here."""
        return self.here / self.total if self.total else 1.0

    @property
    def here(self) -> int:
        """Number of names that are here."""
        return len(self.present) + len(self.differing)


def _module(root: str, name: str) -> ModuleType | None:
    try:
        return importlib.import_module(f"{root}.{name}" if name else root)
    except ImportError:
        return None


def public_names(module: ModuleType) -> list[str]:
    """Return the names of a module's functions and classes."""
    names = (n for n in dir(module) if not n.startswith("_"))
    return [n for n in names if not isinstance(getattr(module, n), ModuleType)]


def signature(thing: Any) -> list[tuple[str, Any]] | None:
    """Return parameters and defaults of a function or a class's constructor."""
    target = thing.__init__ if inspect.isclass(thing) else thing
    target = getattr(thing, "function", target)
    try:
        parameters = list(inspect.signature(target).parameters.values())
    except (TypeError, ValueError):
        return None
    if inspect.isclass(thing):
        parameters = parameters[1:]
    return [(p.name, p.default) for p in parameters if p.kind not in _VARIABLE]


_VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _same(one: tuple[str, Any], other: tuple[str, Any]) -> bool:
    """Return whether two parameters have the same name and default."""
    (name, default), (other_name, other_default) = one, other
    if callable(default) and callable(other_default):
        return name == other_name  # functions and missing defaults
    return name == other_name and bool(default == other_default)


def agree(theirs: Any, ours: Any) -> bool:
    """Return whether two signatures have the same names, order and defaults."""
    mine, other = signature(ours), signature(theirs)
    if mine is None or other is None:
        return True
    if not other:
        return True  # Keras gives no names to compare with
    mine, other = ([p for p in given if p[0] not in ABSENT] for given in (mine, other))
    # what comes after Keras's parameters is named in a call, if it is given at all
    pairs = zip(mine, other, strict=False)
    return len(mine) >= len(other) and all(_same(*pair) for pair in pairs)


def _text(thing: Any) -> str:
    found = signature(thing) or []
    return ", ".join(
        name if d is inspect.Parameter.empty else f"{name}={d!r}" for name, d in found
    )


def compare() -> list[Coverage]:
    """Return the coverage of every public module of the installed Keras."""
    found = []
    for name in MODULES:
        theirs, ours = _module("keras", name), _module("kerasish", name)
        if theirs is not None:
            found.append(_compare(name, theirs, ours))
    return found


def _compare(name: str, theirs: ModuleType, ours: ModuleType | None) -> Coverage:
    coverage = Coverage(name)
    for public in public_names(theirs):
        reference = getattr(theirs, public)
        try:
            mine = getattr(ours, public)
        except AttributeError as error:
            whole = ours is None and name == "distribution"
            on_purpose = whole or "left out on purpose" in str(error)
            (coverage.left_out if on_purpose else coverage.missing).append(public)
            continue
        excused = (name, public) in DIFFERENT or not callable(reference)
        if excused or agree(reference, mine):
            coverage.present.append(public)
        else:
            row = (public, _text(reference), _text(mine))
            coverage.differing.append(row)
    return coverage


def page(found: list[Coverage]) -> str:
    """Return the coverage page as Markdown."""
    version = importlib.import_module("keras").__version__
    lines = [
        "# Coverage",
        "",
        f"What of Keras {version} is here, by public name. Made by `docs/coverage.py`; "
        "a test holds the signatures.",
        "",
        "| module | names | here | left out on purpose | share |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for one in found:
        if not one.total:
            continue
        title = f"`keras.{one.module}`" if one.module else "`keras`"
        counts = f"{one.total} | {one.here} | {len(one.left_out)} | {one.share:.1%}"
        lines.append(f"| {title} | {counts} |")
    missing = [one for one in found if one.missing]
    lines += ["", "## Not here", ""] if missing else []
    for one in missing:
        title = f"keras.{one.module}" if one.module else "keras"
        lines.append(f"- `{title}`: " + ", ".join(f"`{n}`" for n in one.missing))
    lines += ["", "## Left out on purpose (reading the name says why)", ""]
    for one in found:
        title = f"keras.{one.module}" if one.module else "keras"
        if one.left_out:
            lines.append(f"- `{title}`: " + ", ".join(f"`{n}`" for n in one.left_out))
    differing = [(one.module, *row) for one in found for row in one.differing]
    if differing:
        lines += ["", "## Other parameters", ""]
        lines += [f"- `{m}.{n}`: Keras `{a}`; here `{b}`" for m, n, a, b in differing]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the page, or check the signatures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare signatures")
    options = parser.parse_args()
    found = compare()
    if options.check:
        differing = [(one.module, *row) for one in found for row in one.differing]
        for row in differing:
            sys.stdout.write("{}.{}: Keras ({}), here ({})\n".format(*row))
        return 1 if differing else 0
    PAGE.write_text(page(found), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
