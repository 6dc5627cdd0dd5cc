"""The entry point of the command line: arguments, errors in one line, exit statuses.

Exit statuses are 0, 1 where `diff`, `verify` or `doctor` found something, 2 for errors,
and 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

from kerasish.cli import (
    conversion,
    diagnosis,
    difference,
    inspection,
    prediction,
    verification,
)
from kerasish.cli.output import one_line, printable, show
from kerasish.saving.api import LOADING_ERRORS

_EXAMPLES = """
examples:
  kerasish inspect model.keras
  kerasish convert model.h5 model.keras
  kerasish diff before.keras after.keras
  kerasish predict model.keras inputs.npy -o outputs.npy
  kerasish verify model.keras
  kerasish doctor

`kerasish COMMAND --help` tells more of each.
"""
_ERRORS = (OSError, *LOADING_ERRORS)
_FAILED, _INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status.

    Args:
        arguments: Those of the command line by default.
    """
    parser = _parser()
    chosen = parser.parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning  # type: ignore[assignment]
            status: int = chosen.run(chosen)
            sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # whoever reads has seen enough; Python would complain when it flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except _ERRORS as error:
        show(f"kerasish: {one_line(error)}", sys.stderr)
        return _FAILED
    return status


def _show_warning(message: Warning | str, *_: Any) -> None:
    show(f"kerasish: warning: {one_line(Warning(message))}", sys.stderr)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments and leave."""
        text = f"kerasish: {message} (see {self.prog} --help)"
        self.exit(_FAILED, f"{printable(text)}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="kerasish",
        description="Look into, convert, compare, run and check the model files of "
        "Keras 2 and 3, without TensorFlow; say which backends work here.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    version = f"kerasish {sys.modules['kerasish'].__version__}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (
        *(inspection, conversion, difference, prediction, verification),
        diagnosis,
    ):
        command.add(commands)
    return parser
