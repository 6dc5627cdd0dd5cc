"""Code run in an interpreter of its own, where nothing else has happened yet."""

import os
import subprocess
import sys
import textwrap


def python(code, stdout=subprocess.PIPE, **environment):
    """Run code in a new interpreter; return what it printed.

    Warnings are errors there too, and nothing may be written to stderr.
    """
    path = os.pathsep.join(entry for entry in sys.path if entry)
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": path, **environment},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return result.stdout
