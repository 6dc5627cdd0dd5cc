"""`python -m kerasish`: see `kerasish.cli.main`."""

from __future__ import annotations

import sys

from kerasish.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
