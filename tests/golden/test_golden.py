"""Everything against what real Keras computed, recorded: holds where Keras is missing.

`python -m tests.golden.record` makes the files anew; a case without a record fails.
"""

import gzip
import json

import pytest

import kerasish
from kerasish import backend
from tests.golden import digest
from tests.golden.cases import families
from tests.golden.record import path_of
from tests.layers.slopes import our_gradients

CASES = families()
RECORDS = {
    family: json.loads(gzip.decompress(path_of(family).read_bytes()))
    for family in CASES
}


def rows():
    """Return all cases but those that Keras itself cannot compute in float64."""
    return [
        pytest.param(family, name, id=f"{family}-{name}")
        for family, cases in CASES.items()
        for name in cases
        if RECORDS[family].get(name, "missing") is not None
    ]


@pytest.mark.parametrize(("family", "name"), rows())
def test_it_is_what_keras_computes(family, name):
    record = RECORDS[family].get(name)
    assert record is not None, "no record: run python -m tests.golden.record"
    backend.set_floatx("float64")
    results = CASES[family][name](kerasish, our_gradients)
    tolerance = digest.DOUBLE if record["in_double"] else digest.SINGLE
    digest.assert_same(results, record["results"], tolerance)
