"""Calls and formulas of connectionist temporal classification, by counting all paths.

Merged into `calls.py` and `formulas.py`.
"""

import collections
import itertools

import numpy as np

from tests.ops.call import call

_rng = np.random.default_rng(31)

SCORES = _rng.normal(size=(3, 5, 4)) * 1.5
LABELS = np.array([[1, 2, 2], [3, 1, 0], [2, 0, 0]], np.int32)
NUM_LABELS = np.array([3, 2, 0], np.int32)
NUM_FRAMES = np.array([5, 4, 2], np.int32)

CALLS = {
    "ctc_loss": [
        call(LABELS, SCORES, NUM_LABELS, NUM_FRAMES),
        call(LABELS % 3, SCORES, NUM_LABELS, NUM_FRAMES, mask_index=3),
    ],
    "ctc_decode": [
        call(SCORES, NUM_FRAMES),
        call(SCORES, NUM_FRAMES, merge_repeated=False, mask_index=2),
        call(SCORES, NUM_FRAMES, strategy="beam_search", beam_width=150, top_paths=4),
        call(
            SCORES,
            NUM_FRAMES,
            strategy="beam_search",
            beam_width=150,
            top_paths=2,
            mask_index=None,
        ),
    ],
}


def logs_of(scores):
    return scores - np.log(np.sum(np.exp(scores), -1, keepdims=True))


def collapsed(path, blank, merge=True):
    if merge:
        path = [label for label, _ in itertools.groupby(path)]
    return tuple(label for label in path if label != blank)


def probabilities(scores, blank):
    """Return the probability of each sequence of labels: of all its paths together."""
    powers = np.exp(logs_of(scores))
    found = collections.defaultdict(float)
    for path in itertools.product(range(scores.shape[1]), repeat=len(scores)):
        chance = np.prod([powers[t, label] for t, label in enumerate(path)])
        found[collapsed(path, blank)] += float(chance)
    return found


def ctc_loss(target, output, target_length, output_length, mask_index=0):
    return np.array(
        [
            -np.log(probabilities(scores[:n], mask_index)[tuple(labels[:k].tolist())])
            for labels, scores, k, n in zip(
                target, output, target_length, output_length, strict=True
            )
        ]
    )


def filled(labels, length):
    return [*labels, *[-1] * (length - len(labels))]


def ctc_decode(
    inputs,
    sequence_lengths,
    strategy="greedy",
    beam_width=100,
    top_paths=1,
    merge_repeated=True,
    mask_index=0,
):
    blank = inputs.shape[-1] - 1 if mask_index is None else mask_index
    frames = inputs.shape[1]
    labels, scores = [], []
    for rows, n in zip(inputs, sequence_lengths, strict=True):
        if strategy == "greedy":
            best = collapsed(rows[:n].argmax(-1).tolist(), blank, merge_repeated)
            found = [(best, -rows[:n].max(-1).sum())]
        else:
            chances = probabilities(rows[:n], blank)
            ranked = sorted(chances, key=chances.get, reverse=True)[:top_paths]
            found = [(best, np.log(chances[best])) for best in ranked]
        labels.append([filled(best, frames) for best, _ in found])
        scores.append([score for _, score in found])
    return np.swapaxes(np.array(labels, np.int32), 0, 1), np.array(scores)


FORMULAS = {"ctc_loss": ctc_loss, "ctc_decode": ctc_decode}
