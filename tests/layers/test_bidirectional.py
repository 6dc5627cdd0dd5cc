"""Bidirectional: two layers made of one, and how their outputs and states join."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops
from kerasish.errors import ShapeError


@pytest.fixture
def x(rng):
    return rng.normal(size=(4, 6, 3)).astype("float32")


def host(value):
    return ops.convert_to_numpy(value)


def close(one, other):
    np.testing.assert_allclose(host(one), host(other), rtol=1e-5, atol=1e-6)


JOINED = {
    "concat": lambda a, b: np.concatenate([a, b], -1),
    "sum": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "ave": lambda a, b: (a + b) / 2,
}


@pytest.mark.parametrize("steps", [False, True])
@pytest.mark.parametrize("mode", JOINED)
def test_outputs_of_both_directions_are_joined(mode, steps, x, backend):
    both = layers.Bidirectional(layers.GRU(5, return_sequences=steps), mode)
    found = both(x)
    plain = layers.GRU(5, return_sequences=steps)
    plain(x)
    outputs = []
    for inner, given in ((both.forward_layer, x), (both.backward_layer, x[:, ::-1])):
        plain.set_weights(inner.get_weights())
        outputs.append(host(plain(given)))
    if steps:  # what was read last belongs to the first step
        outputs[1] = outputs[1][:, ::-1]
    close(found, JOINED[mode](*outputs))
    assert tuple(found.shape) == both.compute_output_shape(x.shape)


def test_outputs_may_stay_apart(x):
    both = layers.Bidirectional(
        layers.LSTM(5, return_sequences=True, return_state=True), merge_mode=None
    )
    found = both(x)
    expected = ((4, 6, 5), (4, 6, 5), *[(4, 5)] * 4)
    assert tuple(tuple(f.shape) for f in found) == expected
    assert both.compute_output_shape(x.shape) == expected
    forward, h, c = both.forward_layer(x)
    for one, other in zip((found[0], found[2], found[3]), (forward, h, c), strict=True):
        close(one, other)
    close(found[1][:, 0], found[4])  # the last output backwards is the state h
    symbolic = both(layers.Input((None, 3)))
    assert [s.shape[-1] for s in symbolic] == [5] * 6


def test_both_layers_are_new_ones_named_after_the_one_given(x):
    given = layers.LSTM(5, name="mine")
    both = layers.Bidirectional(given, name="both")
    both(x)
    assert not given.built
    assert both.forward_layer.name == "forward_mine"
    assert both.backward_layer.name == "backward_mine"
    assert both.backward_layer.go_backwards
    paths = [w.path for w in both.weights]
    assert paths[0] == "both/forward_mine/lstm_cell/kernel"
    assert paths[3] == "both/backward_mine/lstm_cell/kernel"
    again = layers.Bidirectional.from_config(both.get_config())
    assert again.forward_layer.name == "forward_mine"
    again(x)
    again.set_weights(both.get_weights())
    close(again(x), both(x))


def test_the_layer_backwards_may_be_another_kind(x):
    both = layers.Bidirectional(
        layers.LSTM(5), backward_layer=layers.GRU(2, go_backwards=True, name="other")
    )
    assert both(x).shape == (4, 7)
    assert both.compute_output_shape((None, None, 3)) == (None, 7)
    assert both.backward_layer.name == "other"
    again = layers.Bidirectional.from_config(both.get_config())
    assert type(again.backward_layer) is layers.GRU


def test_masked_steps(x):
    mask = np.array(
        [[1, 1, 1, 1, 1, 1], [1, 1, 0, 1, 0, 0], [0, 1, 1, 1, 0, 1], [0] * 6]
    )
    both = layers.Bidirectional(layers.LSTM(5, return_sequences=True))
    found = host(both(x, mask=mask))
    for row, counts in enumerate(mask.astype(bool)):
        assert (found[row][~counts] == 0).all()
        if counts.any():
            close(found[row][counts], both(x[row : row + 1, counts])[0])
    assert both.compute_mask(x, mask) is mask
    last = layers.Bidirectional(layers.LSTM(5))
    close(last(x, mask=mask)[1], last(x[1:2, mask[1].astype(bool)])[0])
    assert last.compute_mask(x, mask) is None
    apart = layers.Bidirectional(layers.GRU(5, return_state=True), merge_mode=None)
    assert apart.compute_mask(x, mask) == [None] * 4


def test_the_mask_of_an_embedding_comes_through():
    tokens = np.array([[5, 3, 0, 0], [1, 2, 3, 4]])
    model = kerasish.Sequential(
        [
            layers.Input((None,)),
            layers.Embedding(10, 3, mask_zero=True),
            layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
            layers.Bidirectional(layers.GRU(3)),
        ]
    )
    found = model.predict(tokens, verbose=0)
    close(model.predict(tokens[:1, :2], verbose=0), found[:1])


def test_states_of_both_are_given_and_returned(x):
    both = layers.Bidirectional(layers.LSTM(5, return_state=True))
    _, *states = both(x)
    given = [np.full((4, 5), n, "float32") for n in range(4)]
    found, *_ = both(x, initial_state=given)
    forward = both.forward_layer(x, initial_state=given[:2])[0]
    backward = both.backward_layer(x, initial_state=given[2:])[0]
    close(found, np.concatenate([host(forward), host(backward)], -1))
    assert len(states) == 4
    with pytest.raises(ValueError, match=r"(?s)initial states of both.*3 states"):
        both(x, initial_state=given[:3])
    with pytest.raises(ShapeError, match=r"begin with these states"):
        both(x, initial_state=given[:2])


def test_initial_states_in_a_functional_model(x):
    inputs = layers.Input((6, 3))
    states = [layers.Input((5,)) for _ in range(2)]
    outputs = layers.Bidirectional(layers.GRU(5))(inputs, initial_state=states)
    model = kerasish.Model([inputs, *states], outputs)
    given = [np.full((4, 5), n, "float32") for n in range(2)]
    close(
        model.predict([x, *given], verbose=0),
        model.layers[-1](x, initial_state=given),
    )


def test_stateful_layers_go_on_and_can_be_reset(x):
    both = layers.Bidirectional(layers.LSTM(5, stateful=True))
    first = both(x)
    assert len(both.states) == 4
    assert np.abs(host(both(x)) - host(first)).max() > 1e-4
    both.reset_state()
    close(both(x), first)
    layers.Bidirectional(layers.LSTM(5)).reset_state()  # has nothing to reset


def test_initial_weights(x):
    first = layers.Bidirectional(layers.GRU(5))
    expected = first(x)
    again = layers.Bidirectional(layers.GRU(5), weights=first.get_weights())
    close(again(x), expected)
    assert "weights" not in again.get_config()


def test_freezing_reaches_both():
    both = layers.Bidirectional(layers.GRU(5))
    both.build((None, 6, 3))
    both.trainable = False
    assert both.trainable_weights == []
    assert len(both.non_trainable_weights) == 6


def test_a_layer_of_ones_own_may_be_inside(x):
    class Sums(layers.Layer):
        """Sums of all steps; knows neither masks nor states."""

        def __init__(self, go_backwards=False, **kwargs):
            super().__init__(**kwargs)
            self.go_backwards = go_backwards
            self.return_sequences = self.return_state = False

        def call(self, inputs):
            return ops.sum(inputs, axis=1) * (-1 if self.go_backwards else 1)

        def compute_output_shape(self, input_shape):
            return (input_shape[0], input_shape[-1])

    both = layers.Bidirectional(Sums())
    close(both(x), np.concatenate([x.sum(1), -x.sum(1)], -1))
    assert both.compute_output_shape((None, 6, 3)) == (None, 6)


REFUSED = {
    "number": (lambda: layers.Bidirectional(3), r"(?s)wraps a recurrent layer.*3"),
    "dense": (lambda: layers.Bidirectional(layers.Dense(3)), r"`go_backwards`"),
    "mode": (lambda: layers.Bidirectional(layers.GRU(3), "summ"), r"merge_mode 'summ'"),
    "directions": (
        lambda: layers.Bidirectional(layers.GRU(3), backward_layer=layers.GRU(3)),
        r"(?s)layers of both directions.*go_backwards=False in both",
    ),
    "backwards": (
        lambda: layers.Bidirectional(layers.GRU(3, go_backwards=True)),
        r"go_backwards=True in both",
    ),
    "returns": (
        lambda: layers.Bidirectional(
            layers.GRU(3),
            backward_layer=layers.GRU(3, go_backwards=True, return_sequences=True),
        ),
        r"(?s)return the same.*return_sequences=False forwards, True backwards",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case):
    make, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        make()
