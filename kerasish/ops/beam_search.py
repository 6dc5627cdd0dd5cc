"""Prefix beam search through the frames of connectionist temporal classification.

Beams are rows of tensors, so that one step of all beams of a batch is a few operations.
A beam extended by a class may become what another beam is already: those are found by
comparing hashes of prefixes, and merged. Hashes have 64 bits; that two of the beams
collide by chance has a probability of about 1e-15 a step.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from kerasish.ops.creation import arange, full, zeros
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import (
    absolute,
    add,
    equal,
    exp,
    floor_divide,
    greater,
    log1p,
    logical_and,
    maximum,
    mod,
    multiply,
    negative,
    not_equal,
    subtract,
    where,
)
from kerasish.ops.indexing import one_hot, take_along_axis, top_k
from kerasish.ops.products import matmul
from kerasish.ops.reduction import max
from kerasish.ops.scans import scan
from kerasish.ops.shape import (
    broadcast_to,
    cast,
    concatenate,
    expand_dims,
    reshape,
    slice_to,
    swapaxes,
    transpose,
)

_DEAD = -1e30  # logarithm of the probability of a beam that is none
_ALIVE = -1e29  # every true one is larger
_MULTIPLIERS = (0x9E3779B1, 0x85EBCA77)  # primes of xxHash (Y. Collet)


class Beams(NamedTuple):
    """The beginnings followed, best first; each tensor is (batch, beams, ...).

    Attributes:
        prefix: The labels so far, filled up with -1.
        length: How many there are.
        last: The last of them, -1 without any.
        hashes: Two 32-bit hashes of them.
        in_blank: Logarithm of the alignments that end in a blank.
        in_label: Logarithm of those that end in the last label.
    """

    prefix: Any
    length: Any
    last: Any
    hashes: Any
    in_blank: Any
    in_label: Any


def beam_search(
    logs: Any, live: Any, blank: int, beam_width: int, top_paths: int
) -> tuple[Any, Any]:
    """Return the most probable label sequences and logarithms of their probabilities.

    Args:
        logs: Logarithms of probabilities, (batch, frames, classes).
        live: Whether a frame counts, (batch, frames).
        blank: The class of blanks.
        beam_width: How many beginnings to follow.
        top_paths: How many results to give.

    Returns:
        Labels (top_paths, batch, frames), int32, filled up with -1, and logarithms
        (batch, top_paths), -inf where there is no such sequence.
    """
    batch, frames, _ = logs.shape
    start = _first_beams(batch, frames, beam_width, logs.dtype)

    def step(beams: Any, frame: Any) -> Any:
        scores, counts = frame
        advanced = _advanced(Beams(*beams), scores, blank)
        pairs = zip(advanced, beams, strict=True)
        return tuple(_if_live(counts, new, old) for new, old in pairs), ()

    sequences = (transpose(logs, (1, 0, 2)), transpose(live))
    last, _ = scan(step, tuple(start), sequences)
    return _best(Beams(*last), top_paths)


def _first_beams(batch: int, frames: int, width: int, dtype: Any) -> Beams:
    """Return one beam without labels, and others that are none."""
    alone = equal(arange(width, dtype="int32"), 0)
    in_blank = where(alone, 0.0, convert(_DEAD, dtype))
    shape = (batch, width)
    return Beams(
        full((*shape, frames), -1, "int32"),
        zeros(shape, "int32"),
        full(shape, -1, "int32"),
        full((*shape, len(_MULTIPLIERS)), 1, "uint32"),
        broadcast_to(in_blank, shape),
        full(shape, _DEAD, dtype),
    )


def _if_live(counts: Any, new: Any, old: Any) -> Any:
    return where(reshape(counts, (-1,) + (1,) * (len(new.shape) - 1)), new, old)


def _either(x: Any, y: Any) -> Any:
    """Return log(exp(x) + exp(y))."""
    return add(maximum(x, y), log1p(exp(negative(absolute(subtract(x, y))))))


def _advanced(beams: Beams, scores: Any, blank: int) -> Beams:
    """Return the best beams after one more frame.

    Args:
        beams: The beams before.
        scores: Logarithms of the frame's probabilities, (batch, classes).
        blank: The class of blanks.
    """
    whole = _either(beams.in_blank, beams.in_label)
    every = expand_dims(scores, 1)
    again = _of_class(broadcast_to(every, (*whole.shape, scores.shape[-1])), beams.last)
    stays_blank = add(
        whole, slice_to(scores, slices=(slice(None), slice(blank, blank + 1)))
    )
    stays_label = add(beams.in_label, again)
    extended = _extended(beams, whole, every, blank)
    same = _same_after_extension(beams, whole)
    stays_label = _either(stays_label, _merged(beams, extended, same))
    extended = where(_is_merged(beams, same, scores.shape[-1]), _DEAD, extended)
    return _selected(beams, stays_blank, stays_label, extended)


def _of_class(scores: Any, labels: Any) -> Any:
    """Return the score of each beam's own label, (batch, beams)."""
    places = expand_dims(maximum(labels, 0), -1)
    found = take_along_axis(scores, places, -1)
    return reshape(found, labels.shape)


def _extended(beams: Beams, whole: Any, scores: Any, blank: int) -> Any:
    """Return the logarithms of beams with one more label, (batch, beams, classes).

    A label again is a new one only after a blank.
    """
    classes = arange(scores.shape[-1], dtype="int32")
    repeated = equal(expand_dims(beams.last, -1), classes)
    before = where(repeated, expand_dims(beams.in_blank, -1), expand_dims(whole, -1))
    return where(equal(classes, blank), _DEAD, add(before, scores))


def _hash_of(hashes: Any, labels: Any) -> Any:
    """Return the hashes of prefixes with one more label."""
    factors = convert(list(_MULTIPLIERS), "uint32")
    more = cast(add(labels, 1), "uint32")
    return add(multiply(hashes, factors), expand_dims(more, -1))


def _same_after_extension(beams: Beams, whole: Any) -> Any:
    """Return whether beam p with the last label of beam q is q, (batch, p, q)."""
    longer = _hash_of(expand_dims(beams.hashes, 2), expand_dims(beams.last, 1))
    unlike = not_equal(longer, expand_dims(beams.hashes, 1))
    apart = max(unlike, -1)
    return logical_and(equal(apart, False), expand_dims(greater(whole, _ALIVE), 1))


def _merged(beams: Beams, extended: Any, same: Any) -> Any:
    """Return what the beams gain from others that become them, (batch, beams)."""
    labels = broadcast_to(expand_dims(maximum(beams.last, 0), 1), same.shape)
    gains = where(same, take_along_axis(extended, labels, -1), _DEAD)
    return max(gains, 1)  # prefixes differ, so that no more than one becomes q


def _is_merged(beams: Beams, same: Any, classes: int) -> Any:
    """Return which extensions are beams already, (batch, beams, classes)."""
    labels = one_hot(maximum(beams.last, 0), classes, dtype="float32")
    return greater(matmul(cast(same, "float32"), labels), 0)


def _selected(beams: Beams, stays_blank: Any, stays_label: Any, extended: Any) -> Beams:
    """Return the best among the beams as they are and those with one more label."""
    batch, width, classes = extended.shape
    stays = _either(stays_blank, stays_label)
    candidates = concatenate([stays, reshape(extended, (batch, width * classes))], 1)
    scores, places = top_k(candidates, width)
    grows = greater(places, width - 1)
    beyond = maximum(subtract(places, width), 0)
    origin = where(grows, floor_divide(beyond, classes), places)
    label = where(grows, mod(beyond, classes), _picked(beams.last, origin))
    length = _picked(beams.length, origin)
    end = expand_dims(where(grows, length, -1), -1)
    here = equal(arange(beams.prefix.shape[-1], dtype="int32"), end)
    prefix = where(here, expand_dims(label, -1), _picked(beams.prefix, origin))
    hashes = _picked(beams.hashes, origin)
    return Beams(
        prefix,
        add(length, cast(grows, "int32")),
        label,
        where(expand_dims(grows, -1), _hash_of(hashes, label), hashes),
        where(grows, _DEAD, _picked(stays_blank, origin)),
        where(grows, scores, _picked(stays_label, origin)),
    )


def _picked(x: Any, origin: Any) -> Any:
    """Return the rows of x at places along the second axis."""
    if len(x.shape) == 2:
        return take_along_axis(x, origin, 1)
    places = broadcast_to(expand_dims(origin, -1), (*origin.shape, x.shape[-1]))
    return take_along_axis(x, places, 1)


def _best(beams: Beams, top_paths: int) -> tuple[Any, Any]:
    batch, width, frames = beams.prefix.shape
    count = top_paths if top_paths < width else width
    scores, places = top_k(_either(beams.in_blank, beams.in_label), count)
    labels = _picked(beams.prefix, places)
    alive = greater(scores, _ALIVE)
    labels = where(expand_dims(alive, -1), labels, -1)
    scores = where(alive, scores, -float("inf"))
    missing = top_paths - count
    if missing:
        none = full((batch, missing, frames), -1, "int32")
        labels = concatenate([labels, none], 1)
        nothing = full((batch, missing), -float("inf"), scores.dtype)
        scores = concatenate([scores, nothing], 1)
    return swapaxes(labels, 0, 1), scores
