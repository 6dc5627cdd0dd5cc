"""Work in streams, one after the other, and how it is shared out."""

import pytest

from kerasish.backend.streams import Streams, run_all, shares


def test_one_stream_runs_everything_in_order():
    said = []
    streams = [[lambda i=i: said.append(i) for i in part] for part in ((0, 1), (2,))]
    call = Streams().together(streams)
    assert said == []
    call()
    assert said == [0, 1, 2]
    assert Streams().number(1 << 60, 5) == 1


@pytest.mark.parametrize(("count", "number"), [(7, 3), (6, 3), (2, 3), (0, 1)])
def test_shares_make_up_the_whole_and_are_about_equal(count, number):
    cut = shares(count, number)
    assert [i for s in cut for i in range(count)[s]] == [*range(count)]
    lengths = [s.stop - s.start for s in cut]
    assert max(lengths) - min(lengths) <= 1


def test_run_all_stops_at_an_error():
    said = []

    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run_all([lambda: said.append(1), fail, lambda: said.append(2)])
    assert said == [1]
