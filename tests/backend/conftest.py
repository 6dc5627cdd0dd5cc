"""The conformance suite runs on every backend, the compiling one included."""

import pytest

from tests.conftest import NAMED_BACKEND, in_force, tested_backends


@pytest.fixture(params=[*tested_backends(), *([] if NAMED_BACKEND else ["numba"])])
def backend(request):
    """Each backend that can work here, in force for the test; others are skipped."""
    with in_force(request.param) as chosen:
        yield chosen
