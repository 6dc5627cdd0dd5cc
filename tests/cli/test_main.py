"""The command line as a whole: help, errors, pipes, interrupts, and what it imports."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import kerasish as package
from kerasish.cli import inspection
from kerasish.cli.output import one_line, printable, shape_text, table_of

ROOT = Path(__file__).parent.parent.parent
COMMANDS = ("inspect", "convert", "diff", "predict", "verify")
# What the standard library offers may be loaded, packages may not.
_LOADED = """
import contextlib, io, sys
import kerasish
before = set(sys.modules)
from kerasish.cli.main import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(["--help"])
added = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*(added - set(sys.stdlib_module_names)))
"""


def process(*arguments, **settings):
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "backends")])
    }
    settings = {"capture_output": True, "text": True, "timeout": 60} | settings
    environment |= settings.pop("env", {})
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, env=environment, check=False, **settings)


def test_help_names_all_commands_with_examples(kerasish):
    finished = kerasish("--help")
    assert finished.status == 0
    assert "without TensorFlow" in finished.out
    assert all(f"\n    {command} " in finished.out for command in COMMANDS)
    assert "examples:" in finished.out


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_examples(kerasish, command):
    finished = kerasish(command, "--help")
    assert finished.status == 0
    assert f"kerasish {command} " in finished.out.partition("examples:")[2]


def test_version(kerasish):
    assert kerasish("--version").out == f"kerasish {package.__version__}\n"


@pytest.mark.parametrize("arguments", [(), ("inspect",), ("guess", "x"), ("diff", "a")])
def test_wrong_arguments_are_one_line(kerasish, arguments):
    finished = kerasish(*arguments)
    assert finished.status == 2
    assert finished.err.startswith("kerasish: ")
    assert finished.err.count("\n") == 1


def test_a_missing_file_is_one_line(kerasish, tmp_path):
    for command in ("inspect", "verify"):
        finished = kerasish(command, tmp_path / "none.keras")
        assert finished.status == 2
        assert finished.err.startswith("kerasish: There is no file")
        assert finished.err.count("\n") == 1


def test_interrupts_are_quiet(kerasish, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(inspection, "report_of", interrupted)
    assert kerasish("inspect", "x") == (130, "", "")


def test_a_closed_pipe_is_quiet(saved):
    reader, writer = os.pipe()
    os.close(reader)
    finished = process(
        "-m",
        "kerasish",
        "inspect",
        saved,
        capture_output=False,
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)
    assert finished.stderr == ""


def test_tables_survive_a_plain_encoding(saved):
    environment = {"PYTHONIOENCODING": "ascii"}
    finished = process("-m", "kerasish", "inspect", saved, env=environment)
    assert finished.returncode == 0
    assert "| hidden (Dense)" in finished.stdout
    assert "+===" in finished.stdout
    assert finished.stdout.isascii()


def test_nothing_more_is_imported_than_by_kerasish():
    assert process("-c", _LOADED).stdout.strip() == "kerasish"


def test_the_console_script_is_this_function():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["scripts"] == {"kerasish": "kerasish.cli.main:main"}


def test_messages_become_one_line():
    message = "It is so.\n  got:      1\n  expected: 2\n  fix:      do it"
    assert one_line(ValueError(message)) == "It is so. (got 1; expected 2; fix: do it)"
    assert one_line(ValueError("first\nsecond")) == "first second"
    assert one_line(ValueError()) == "ValueError"
    assert one_line(PermissionError(13, "No", "a.h5")) == "No ('a.h5')"
    assert one_line(OSError(28, "Full.\n  fix: free some")) == "Full. (fix: free some)"


def test_what_steers_a_terminal_is_replaced():
    assert printable("a\x1b[2J\tb\u202ec\nd") == "a?[2J?b?c\nd"


def test_shapes_are_written_as_keras_does():
    assert shape_text(None) == "?"
    assert shape_text([None, 3]) == "(None, 3)"
    assert shape_text([(None, 3), (None,)]) == "(None, 3), (None,)"
    assert shape_text({"a": (2,), "b": None}) == "a: (2,), b: ?"


def test_long_texts_are_wrapped_or_cut():
    table = table_of(["A", "B", "C"], [["word " * 200, "x" * 400, "1"]])
    assert {len(line) for line in table.splitlines()} == {110}
