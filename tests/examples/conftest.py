"""Makes the scripts in `examples/` importable, and says whether MNIST is at hand.

Where a lesson starts from random numbers, its tests run several seeds. The tolerances
come from the spread of many more seeds, measured once and written beside each test, or
from an independent computation; four standard deviations are allowed.
"""

import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))

import workbench  # noqa: E402

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def real_mnist():
    """Skip the test where MNIST is not on this machine."""
    if not workbench.is_at_hand("mnist"):
        pytest.skip("MNIST is not in $KERAS_HOME/datasets")


@pytest.fixture
def picture(tmp_path):
    """A path to draw to; afterwards there must be a picture, and not an empty one."""
    pytest.importorskip("matplotlib", reason="the examples extra is not installed")
    path = tmp_path / "new folder" / "picture.png"
    yield path
    content = path.read_bytes()
    assert content.startswith(PNG)
    assert len(content) > 10_000
