"""Prefix beam search against the textbook algorithm, with beams that are too few."""

import collections

import numpy as np
import pytest

from kerasish import ops
from tests.ops.calls_ctc import logs_of

RNG = np.random.default_rng(28)
SCORES = RNG.normal(size=(3, 12, 5)) * 2


def textbook(logs, width, top, blank=0):
    """Return the best prefixes and their logarithms: Hannun et al., algorithm 1."""
    beams = {(): (0.0, -np.inf)}
    for row in logs:
        new = collections.defaultdict(lambda: [-np.inf, -np.inf])
        for prefix, (in_blank, in_label) in beams.items():
            both = np.logaddexp(in_blank, in_label)
            for label, chance in enumerate(row):
                longer = (*prefix, label)
                if label == blank:
                    more(new[prefix], 0, both + chance)
                elif prefix[-1:] == (label,):
                    more(new[prefix], 1, in_label + chance)
                    more(new[longer], 1, in_blank + chance)
                else:
                    more(new[longer], 1, both + chance)
        ranked = sorted(new.items(), key=lambda kv: -np.logaddexp(*kv[1]))
        beams = dict(ranked[:width])
    totals = [(float(np.logaddexp(*both)), prefix) for prefix, both in beams.items()]
    return sorted(totals, reverse=True)[:top]


def more(both, i, term):
    both[i] = np.logaddexp(both[i], term)


@pytest.mark.parametrize("width", [1, 2, 5, 20])
def test_it_finds_what_the_textbook_finds(backend, width):
    top, lengths = min(width, 3), np.array([12, 9, 4], np.int32)
    labels, scores = map(
        ops.convert_to_numpy,
        ops.ctc_decode(SCORES, lengths, "beam_search", width, top),
    )
    for i, n in enumerate(lengths):
        expected = textbook(logs_of(SCORES[i, :n]), width, top)
        for j, (score, prefix) in enumerate(expected):
            assert labels[j, i].tolist() == [*prefix, *[-1] * (12 - len(prefix))]
            np.testing.assert_allclose(scores[i, j], score, rtol=1e-5)


def test_paths_that_do_not_exist_are_minus_one(backend):
    """Of one frame and two labels there are three sequences; two beams follow two."""
    x = SCORES[:1, :1, :3].astype("float32")
    for width, found in ((2, 2), (9, 3)):
        labels, scores = map(
            ops.convert_to_numpy,
            ops.ctc_decode(x, np.array([1], np.int32), "beam_search", width, 4),
        )
        assert labels.shape == (4, 1, 1)
        assert np.isfinite(scores[0, :found]).all()
        assert (scores[0, found:] == -np.inf).all()
        assert (labels[found:] == -1).all()
