"""Connectionist temporal classification: its loss, and reading labels off scores.

A network gives scores for every frame; labels come in order but at unknown frames, with
blanks (the class `mask_index`) between them. (A. Graves et al., "Connectionist Temporal
Classification: Labelling Unsegmented Sequence Data with Recurrent Neural Networks",
ICML 2006.) The probability of all alignments is a recursion over the frames; labels and
blanks are two rows of it, so that no row of interleaved labels is built.
"""

from __future__ import annotations

from typing import Any

from kerasish.backend import dtypes
from kerasish.errors import ShapeError, explain
from kerasish.ops.activation import log_softmax
from kerasish.ops.beam_search import beam_search
from kerasish.ops.creation import arange, zeros
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import (
    absolute,
    add,
    equal,
    exp,
    greater,
    less,
    log1p,
    logical_and,
    maximum,
    multiply,
    negative,
    not_equal,
    subtract,
    where,
)
from kerasish.ops.indexing import take_along_axis
from kerasish.ops.reduction import argmax, argsort, max, sum
from kerasish.ops.scans import scan
from kerasish.ops.shape import (
    broadcast_to,
    cast,
    concatenate,
    expand_dims,
    pad,
    slice_to,
    squeeze,
    transpose,
)

# Logarithm of "impossible". Finite, so that no difference is NaN; Keras's value.
_IMPOSSIBLE = -1e5


def logaddexp(x: Any, y: Any) -> Any:
    """Return log(exp(x) + exp(y)), safe for large numbers."""
    apart = negative(absolute(subtract(x, y)))
    return add(maximum(x, y), log1p(exp(apart)))


def ctc_loss(
    target: Any,
    output: Any,
    target_length: Any,
    output_length: Any,
    mask_index: int = 0,
) -> Any:
    """Return -log of the probability of labels, over all their alignments with frames.

    Args:
        target: Labels, whole numbers, (batch, labels).
        output: Scores (logits), (batch, frames, classes).
        target_length: How many labels count, (batch,).
        output_length: How many frames count, (batch,).
        mask_index: The class of blanks.

    Returns:
        Shape (batch,); about 100,000 where the frames are too few for the labels.

    Raises:
        ShapeError: The shapes do not fit together.

    Example:
        >>> loss = ctc_loss([[1]], [[[0.0, 0.0]]], [1], [1])
        >>> round(float(loss[0]), 3)
        0.693
    """
    target, output = cast(target, "int32"), convert(output)
    if (
        len(target.shape) != 2
        or len(output.shape) != 3
        or (target.shape[0] != output.shape[0])
    ):
        raise ShapeError(
            explain(
                "ctc_loss cannot compare these.",
                got=f"target {tuple(target.shape)}, output {tuple(output.shape)}",
                expected="(batch, labels) and (batch, frames, classes)",
            )
        )
    logs = log_softmax(_at_least_single(output), -1)
    blank = slice_to(
        logs, slices=(slice(None), slice(None), slice(mask_index, mask_index + 1))
    )
    picked = take_along_axis(
        logs,
        broadcast_to(expand_dims(target, 1), (*logs.shape[:2], target.shape[1])),
        2,
    )
    live = _before(output_length, logs.shape[1])
    frames = [transpose(x, (1, 0, 2)) for x in (picked, blank, expand_dims(live, -1))]
    blanks, labels = _alignments(target, frames)
    return negative(_at_the_end(blanks, labels, cast(target_length, "int32")))


def _at_least_single(x: Any) -> Any:
    return x if dtypes.dtype_name(x.dtype) == "float64" else cast(x, "float32")


def _before(lengths: Any, count: int) -> Any:
    """Return whether each of `count` places lies before a length, (batch, count)."""
    lengths = cast(lengths, "int32")
    return less(expand_dims(arange(count, dtype="int32"), 0), expand_dims(lengths, -1))


def _alignments(target: Any, frames: list[Any]) -> tuple[Any, Any]:
    """Return the logarithms of all alignments that end in each blank and each label.

    Args:
        target: Labels, (batch, labels).
        frames: For each frame first: the logarithm of each label's probability
            (frames, batch, labels), of the blank's, and whether the frame counts (both
            (frames, batch, 1)).

    Returns:
        Of blanks before, between and after the labels (batch, labels + 1), and of
        labels (batch, labels).
    """
    batch, count = target.shape
    dtype = frames[0].dtype
    none = add(zeros((batch, count), dtype), _IMPOSSIBLE)
    start = concatenate([zeros((batch, 1), dtype), none], 1)
    # a label follows the one before it without a blank only if the two differ
    same = equal(_but_last(target), _but_first(target))
    barred = multiply(pad(cast(same, dtype), [(0, 0), (1, 0)]), _IMPOSSIBLE)

    def step(carry: Any, frame: Any) -> Any:
        blanks, labels = carry
        picked, blank, live = frame
        before = pad(labels, [(0, 0), (1, 0)], constant_values=_IMPOSSIBLE)
        skipped = add(_but_last(before), barred)
        reached = logaddexp(logaddexp(labels, _but_last(blanks)), skipped)
        new_labels = add(reached, picked)
        new_blanks = add(logaddexp(blanks, before), blank)
        return (where(live, new_blanks, blanks), where(live, new_labels, labels)), ()

    (blanks, labels), _ = scan(step, (start, none), tuple(frames))
    return blanks, labels


def _but_last(x: Any) -> Any:
    return slice_to(x, slices=(slice(None), slice(0, x.shape[1] - 1)))


def _but_first(x: Any) -> Any:
    return slice_to(x, slices=(slice(None), slice(1, None)))


def _at_the_end(blanks: Any, labels: Any, lengths: Any) -> Any:
    """Return the logarithm of alignments that end in the last label, or after it."""
    last = expand_dims(lengths, -1)
    after = squeeze(take_along_axis(blanks, last, 1), -1)
    # with one more place in front: without labels there is no last one
    places = pad(labels, [(0, 0), (1, 0)], constant_values=_IMPOSSIBLE)
    inside = squeeze(take_along_axis(places, last, 1), -1)
    return logaddexp(after, inside)


def ctc_decode(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int | None = 0,
) -> tuple[Any, Any]:
    """Return the most probable labels of sequences of frames.

    Args:
        inputs: Scores (logits), (batch, frames, classes).
        sequence_lengths: How many frames count, (batch,).
        strategy: "greedy" (the best class of each frame) or "beam_search" (prefix beam
            search: the probability of labels over all their alignments).
        beam_width: How many beginnings a beam search follows.
        top_paths: How many results a beam search gives.
        merge_repeated: Whether "greedy" merges a class in several frames to one label.
        mask_index: The class of blanks; None is the last one.

    Returns:
        Labels, int32 (paths, batch, frames), filled up with -1. And scores: of "greedy"
        minus the sum of the best scores, (batch, 1); of "beam_search" the logarithm of
        the probability, (batch, top_paths).

    Raises:
        ShapeError: `inputs` is not of rank 3.
        ValueError: There is no such strategy.

    References:
        A. Hannun et al., "First-Pass Large Vocabulary Continuous Speech Recognition
        using Bi-Directional Recurrent DNNs", 2014, algorithm 1 (without a language
        model).

    Example:
        >>> scores = [[[0.0, 9.0, 0.0], [0.0, 9.0, 0.0], [9.0, 0.0, 0.0]]]
        >>> ctc_decode(scores, [3])[0].tolist()
        [[[1, -1, -1]]]
    """
    inputs = convert(inputs)
    if len(inputs.shape) != 3:
        raise ShapeError(
            explain(
                "ctc_decode reads sequences of scores.",
                got=f"shape {tuple(inputs.shape)}",
                expected="(batch, frames, classes)",
            )
        )
    if strategy not in ("greedy", "beam_search"):
        raise ValueError(
            explain(
                "Unknown strategy of ctc_decode.",
                got=repr(strategy),
                expected="'greedy' or 'beam_search'",
            )
        )
    inputs = _at_least_single(inputs)
    live = _before(sequence_lengths, inputs.shape[1])
    classes = inputs.shape[-1]
    blank = classes - 1 if mask_index is None else mask_index % classes
    if strategy == "greedy":
        return _greedy(inputs, live, blank, merge_repeated)
    logs = log_softmax(inputs, -1)
    return beam_search(logs, live, blank, beam_width, top_paths)


def _greedy(
    inputs: Any, live: Any, blank: int, merge_repeated: bool
) -> tuple[Any, Any]:
    best = argmax(inputs, -1)
    score = sum(multiply(max(inputs, -1), live), -1, keepdims=True)
    kept = logical_and(live, not_equal(best, blank))
    if merge_repeated:
        fresh = not_equal(_but_first(best), _but_last(best))
        kept = logical_and(kept, pad(fresh, [(0, 0), (1, 0)], constant_values=True))
    # sorting is stable: what is kept comes first, in its order
    order = argsort(cast(less(kept, True), "int32"), -1)
    labels = take_along_axis(best, order, -1)
    count = sum(cast(kept, "int32"), -1, keepdims=True)
    used = greater(count, expand_dims(arange(best.shape[1], dtype="int32"), 0))
    return expand_dims(where(used, labels, -1), 0), negative(score)
