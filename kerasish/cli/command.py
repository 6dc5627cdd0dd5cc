"""What all subcommands have in common: how one is entered."""

from __future__ import annotations

import argparse
from typing import Any


def new_command(
    commands: Any, name: str, what: str, more: str, run: Any
) -> argparse.ArgumentParser:
    """Enter a subcommand and return the parser of its arguments.

    Args:
        commands: What `add_subparsers` returned.
        name: Its name.
        what: What it does, in some words.
        more: The end of its help text, with examples.
        run: Takes the arguments and returns the exit status.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=what,
        description=what[0].upper() + what[1:] + ".",
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser
