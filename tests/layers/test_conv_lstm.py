"""ConvLSTM: the LSTM's steps with convolutions, over one to three spatial axes."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops
from kerasish.errors import ShapeError


@pytest.fixture
def x(rng):
    return rng.normal(size=(2, 4, 5, 6, 3)).astype("float32")


def host(value):
    return ops.convert_to_numpy(value)


def close(one, other):
    np.testing.assert_allclose(host(one), host(other), rtol=1e-5, atol=2e-6)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_hand(layer, x):
    """Return all outputs, step by step, with ops.conv and NumPy."""
    kernel, recurrent, bias = layer.get_weights()
    h = c = None
    outputs = []
    for t in range(x.shape[1]):
        total = host(
            ops.conv(
                x[:, t],
                kernel,
                layer.strides,
                layer.padding,
                "channels_last",
                layer.dilation_rate,
            )
        )
        h = np.zeros((*total.shape[:-1], layer.filters), "float32") if h is None else h
        c = h if c is None else c
        total = total + bias + host(ops.conv(h, recurrent, 1, "same", "channels_last"))
        i, f, g, o = np.split(total, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs, 1)


@pytest.mark.parametrize(
    "settings",
    [{}, {"padding": "same", "strides": (2, 1)}, {"dilation_rate": 2}],
    ids=["valid", "strides", "dilation"],
)
def test_its_steps_are_those_of_an_lstm(settings, x, backend):
    layer = layers.ConvLSTM2D(2, (2, 3), return_sequences=True, **settings)
    found = layer(x)
    assert tuple(found.shape) == layer.compute_output_shape(x.shape)
    close(found, by_hand(layer, x))


def test_channels_may_come_first(x):
    last = layers.ConvLSTM2D(2, 3, return_sequences=True, return_state=True)
    first = layers.ConvLSTM2D(
        2, 3, return_sequences=True, return_state=True, data_format="channels_first"
    )
    expected, h, c = last(x)
    given = np.moveaxis(x, -1, 2)
    first(given)
    first.set_weights(last.get_weights())
    found, *states = first(given)
    close(np.moveaxis(host(found), 2, -1), expected)
    for one, other in zip(states, (h, c), strict=True):
        close(np.moveaxis(host(one), 1, -1), other)


def test_windows_of_length_1_make_an_lstm_of_each_place(x):
    layer = layers.ConvLSTM2D(4, 1, return_sequences=True)
    found = layer(x)
    plain = layers.LSTM(4, return_sequences=True)
    rows = np.moveaxis(x, 1, 3).reshape(-1, 4, 3)
    plain(rows)
    plain.set_weights(
        [w.reshape(-1, w.shape[-1]) if w.ndim > 1 else w for w in layer.get_weights()]
    )
    close(np.moveaxis(host(found), 1, 3).reshape(-1, 4, 4), plain(rows))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_shapes_with_unknown_lengths(rank):
    layer = getattr(layers, f"ConvLSTM{rank}D")(
        *(2, 3), return_sequences=True, return_state=True
    )
    spatial, known = (None,) * rank, (None, *(7,) * rank)
    outputs = layer.compute_output_shape((None, None, *spatial, 3))
    assert outputs == ((None, None, *spatial, 2), *[(None, *spatial, 2)] * 2)
    assert layer.compute_output_shape((2, *known, 3))[0] == (2, None, *(5,) * rank, 2)
    model = kerasish.Model(inputs := layers.Input((None, *spatial, 1)), layer(inputs))
    for length in (3, 5):
        data = np.ones((2, 3, *(length,) * rank, 1), "float32")
        found = model.predict(data, verbose=0)
        assert found[0].shape == (2, 3, *(length - 2,) * rank, 2)


def test_parts_of_a_sequence_states_and_masks(x):
    layer = layers.ConvLSTM2D(2, 3, return_sequences=True, return_state=True)
    whole, *last = layer(x)
    _, *states = layer(x[:, :3])
    second = layer(x[:, 3:], initial_state=states)[0]
    close(second, whole[:, 3:])
    mask = np.array([[1, 1, 0, 1], [1, 0, 0, 0]])
    found, *ends = layer(x, mask=mask)
    close(found[0][[0, 1, 3]], layer(x[:1, [0, 1, 3]])[0][0])
    close(ends[0][1], whole[1, 0])
    with pytest.raises(ShapeError, match=r"begin with these states"):
        layer(x, initial_state=[last[0][:, :2], last[1]])


def test_stateful_layers_go_on(x):
    layer = layers.ConvLSTM2D(2, 3, stateful=True)
    plain = layers.ConvLSTM2D(2, 3)
    plain(x)
    layer(x)
    layer.set_weights(plain.get_weights())
    layer.reset_state()
    layer(x[:, :2])
    close(layer(x[:, 2:]), plain(x))
    assert [tuple(s.shape) for s in layer.states] == [(2, 3, 4, 2)] * 2


def test_directions(x):
    layer = layers.ConvLSTM2D(2, 3, return_sequences=True)
    close(layers.Bidirectional(layer)(x).shape, (2, 4, 3, 4, 4))
    expected = layer(x[:, ::-1])
    for more in ({}, {"unroll": True}):
        backwards = layers.ConvLSTM2D(
            2, 3, return_sequences=True, go_backwards=True, **more
        )
        backwards(x)
        backwards.set_weights(layer.get_weights())
        close(backwards(x), expected)


@pytest.mark.parametrize("kind", ["dropout", "recurrent_dropout"])
def test_dropout_happens_in_training_alone(kind, x):
    plain = layers.ConvLSTM2D(2, 3)
    plain(x)
    layer = layers.ConvLSTM2D(2, 3, seed=1, **{kind: 0.5})
    layer(x)
    layer.set_weights(plain.get_weights())
    close(layer(x), plain(x))
    assert np.abs(host(layer(x, training=True)) - host(plain(x))).max() > 1e-3


def test_the_cell_alone(x):
    layer = layers.ConvLSTM2D(2, 3)
    expected = layer(x)
    states = layer.cell.get_initial_state(batch_size=2)
    for step in range(4):
        output, states = layer.cell(x[:, step], states)
    close(output, expected)
    assert layer.cell.compute_output_shape((2, 5, 6, 3))[0] == (2, 3, 4, 2)
    with pytest.raises(ValueError, match=r"does not know the shape of its states"):
        layers.ConvLSTM2D(2, 3).cell.get_initial_state(batch_size=2)


REFUSED = {
    "filters": (lambda x: layers.ConvLSTM2D(0, 3), r"positive number of filters"),
    "window": (lambda x: layers.ConvLSTM2D(2, (3, 3, 3)), r"kernel_size"),
    "strides": (
        lambda x: layers.ConvLSTM2D(2, 3, strides=2, dilation_rate=2),
        r"strides and dilation at once",
    ),
    "padding": (lambda x: layers.ConvLSTM1D(2, 3, padding="causal"), r"'causal'"),
    "rank": (lambda x: layers.ConvLSTM2D(2, 3)(x[0]), r"ConvLSTM2D 'conv_lstm2d'"),
    "channels": (
        lambda x: layers.ConvLSTM2D(2, 3).build((None, 4, 5, 6, None)),
        r"must know the number of channels",
    ),
    "fit": (lambda x: layers.ConvLSTM2D(2, 9)(x), r"window that does not fit"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case, x):
    call, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        call(x)
