"""The loss: gradients, impossible labels, messages. Greedy reading: fillings."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import get_backend
from kerasish.errors import ShapeError
from kerasish.gradients import grad
from kerasish.graph.gradient import spec_of
from kerasish.graph.replay import compile_graph
from kerasish.graph.trace import trace
from tests.ops.calls_ctc import LABELS, NUM_FRAMES, NUM_LABELS, SCORES
from tests.ops.slope import assert_slope


def loss(scores, frames=NUM_FRAMES):
    return ops.sum(ops.ctc_loss(LABELS, scores, NUM_LABELS, frames))


def test_gradient():
    assert_slope(loss, SCORES)


def test_gradient_of_frames_that_do_not_count_is_zero():
    gradient = grad(loss)(SCORES)
    for rows, n in zip(gradient, NUM_FRAMES, strict=True):
        assert not rows[n:].any()
        assert rows[:n].all()


def test_gradient_is_finite_where_the_frames_are_too_few():
    frames = np.array([2, 4, 0], np.int32)
    losses = ops.ctc_loss(LABELS, SCORES, NUM_LABELS, frames)
    assert losses[0] == pytest.approx(1e5, rel=1e-3)
    assert losses[2] == 0  # no labels, no frames: certain
    assert np.isfinite(grad(lambda x: loss(x, frames))(SCORES)).all()


def test_single_precision_is_precise(backend):
    found = ops.ctc_loss(LABELS, SCORES.astype("float32"), NUM_LABELS, NUM_FRAMES)
    expected = ops.ctc_loss(LABELS, SCORES, NUM_LABELS, NUM_FRAMES)
    np.testing.assert_allclose(
        ops.convert_to_numpy(found), ops.convert_to_numpy(expected), rtol=1e-6
    )


def test_half_precision_gives_single():
    result = ops.ctc_loss(LABELS, SCORES.astype("float16"), NUM_LABELS, NUM_FRAMES)
    assert result.dtype == "float32"


@pytest.mark.parametrize("strategy", ["greedy", "beam_search"])
def test_lengths_may_be_tensors_of_a_trace(strategy):
    def function(labels, scores, num_labels, num_frames):
        decoded = ops.ctc_decode(scores, num_frames, strategy, 5, 2)
        return ops.ctc_loss(labels, scores, num_labels, num_frames), decoded

    given = [LABELS, SCORES, NUM_LABELS, NUM_FRAMES]
    graph = trace(function, [spec_of(x) for x in given])
    losses, (labels, scores) = compile_graph(graph, get_backend())(*given)
    eager_losses, (eager_labels, eager_scores) = function(*given)
    np.testing.assert_allclose(losses, eager_losses, rtol=1e-12)
    np.testing.assert_array_equal(labels, eager_labels)
    np.testing.assert_allclose(scores, eager_scores, rtol=1e-12)


def test_messages():
    with pytest.raises(ShapeError, match="ctc_loss cannot compare these"):
        ops.ctc_loss(LABELS[:2], SCORES, NUM_LABELS, NUM_FRAMES)
    with pytest.raises(ShapeError, match="ctc_loss cannot compare these"):
        ops.ctc_loss(LABELS[0], SCORES[0], NUM_LABELS[0], NUM_FRAMES[0])
    with pytest.raises(ShapeError, match="ctc_decode reads sequences of scores"):
        ops.ctc_decode(SCORES[0], NUM_FRAMES)
    with pytest.raises(ValueError, match="Unknown strategy of ctc_decode"):
        ops.ctc_decode(SCORES, NUM_FRAMES, strategy="best")
