"""Recurrent layers: states, masks, directions, dropout, and cells of one's own."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops
from kerasish.errors import ShapeError

CELLS = {"SimpleRNN": 1, "LSTM": 2, "GRU": 1}
CLASSES = pytest.mark.parametrize("name", CELLS)


@pytest.fixture
def x(rng):
    return rng.normal(size=(4, 6, 3)).astype("float32")


@pytest.fixture
def mask():
    """Steps that count: some at the start, the end and the middle do not."""
    return np.array(
        [[1, 1, 1, 1, 1, 1], [1, 1, 0, 1, 0, 0], [0, 1, 1, 1, 0, 1], [0] * 6]
    )


def make(name, **arguments):
    return getattr(layers, name)(5, **arguments)


def twin(layer, x, **changes):
    """Return a layer with the weights of another, and other settings."""
    layer(x)
    config = {**layer.get_config(), **changes, "name": "twin"}
    made = type(layer).from_config(config)
    made(x)
    made.set_weights(layer.get_weights())
    return made


def host(value):
    return ops.convert_to_numpy(value)


def close(one, other, **tolerance):
    np.testing.assert_allclose(
        host(one), host(other), **{"rtol": 1e-5, "atol": 1e-6, **tolerance}
    )


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_by_hand(x, kernel, recurrent, bias):
    """Return all outputs and the last states, in float64."""
    h = c = np.zeros((x.shape[0], recurrent.shape[0]))
    outputs = []
    for t in range(x.shape[1]):
        total = x[:, t] @ kernel + h @ recurrent + bias
        i, f, g, o = np.split(total, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs, 1), h, c


def gru_by_hand(x, kernel, recurrent, bias, reset_after):
    """Return all outputs, in float64."""
    h = np.zeros((x.shape[0], recurrent.shape[0]))
    units = h.shape[1]
    into, inner_bias = bias if reset_after else (bias, np.zeros_like(bias))
    outputs = []
    for t in range(x.shape[1]):
        xz, xr, xh = np.split(x[:, t] @ kernel + into, 3, axis=-1)
        hz, hr, hh = np.split(h @ recurrent + inner_bias, 3, axis=-1)
        z, r = sigmoid(xz + hz), sigmoid(xr + hr)
        if not reset_after:
            hh = (r * h) @ recurrent[:, 2 * units :]
        candidate = np.tanh(xh + (r * hh if reset_after else hh))
        h = z * h + (1 - z) * candidate
        outputs.append(h)
    return np.stack(outputs, 1)


def test_lstm_is_its_formula(x, backend):
    layer = make("LSTM", return_sequences=True, return_state=True)
    found = layer(x)
    weights = [w.astype("float64") for w in layer.get_weights()]
    for one, other in zip(found, lstm_by_hand(x, *weights), strict=True):
        close(one, other)


@pytest.mark.parametrize("reset_after", [True, False])
def test_gru_is_its_formula(reset_after, x, backend):
    layer = make("GRU", return_sequences=True, reset_after=reset_after)
    layer.build(x.shape)
    layer.set_weights([w + 0.1 for w in layer.get_weights()])
    weights = [w.astype("float64") for w in layer.get_weights()]
    close(layer(x), gru_by_hand(x, *weights, reset_after))


def test_the_forget_gate_is_open_at_first():
    layer = make("LSTM", bias_initializer="zeros")
    layer.build((None, 6, 3))
    expected = np.repeat([0, 1, 0, 0], 5)
    np.testing.assert_array_equal(layer.get_weights()[2], expected)
    plain = make("LSTM", unit_forget_bias=False)
    plain.build((None, 6, 3))
    np.testing.assert_array_equal(plain.get_weights()[2], np.zeros(20))


# states -----------------------------------------------------------------------------


@CLASSES
def test_a_sequence_can_be_read_in_two_parts(name, x):
    layer = make(name, return_sequences=True, return_state=True)
    whole, *last = layer(x)
    first, *states = layer(x[:, :2])
    second, *again = layer(x[:, 2:], initial_state=states)
    close(ops.concatenate([first, second], axis=1), whole)
    assert len(last) == CELLS[name]
    for one, other in zip(again, last, strict=True):
        close(one, other)


@CLASSES
def test_one_state_needs_no_list_around_it(name, x):
    layer = make(name, return_state=True)
    _, *states = layer(x)
    given = states[0] if CELLS[name] == 1 else states
    for one, other in zip(
        layer(x, initial_state=given), layer(x, initial_state=states), strict=True
    ):
        close(one, other)


@CLASSES
def test_stateful_layers_go_on_where_they_ended(name, x):
    layer = make(name)
    whole = layer(x)
    kept = twin(layer, x[:, :2], stateful=True)
    kept.reset_state()
    first = kept(x[:, :2])
    close(first, layer(x[:, :2]))
    close(kept(x[:, 2:]), whole)
    assert len(kept.states) == CELLS[name]
    assert kept.states[0].path == "twin/rnn_state"
    kept.reset_state()
    close(kept(x[:, :2]), first)
    assert len(kept.weights) == len(layer.weights)


@CLASSES
def test_stateful_layers_in_models(name, x):
    inputs = layers.Input(batch_shape=(4, 3, 3))
    layer = make(name, stateful=True)
    model = kerasish.Model(inputs, layer(inputs))
    whole = twin_of_weights(name, layer)(x)
    model.predict(x[:, :3], verbose=0)
    close(model.predict(x[:, 3:], verbose=0), whole)
    layer.reset_state()
    two = np.concatenate([x[:, :3], x[:, 3:]])  # two batches of one epoch
    close(model.predict(two, batch_size=4, verbose=0)[4:], whole)


def twin_of_weights(name, layer):
    made = make(name)
    made.build((None, None, 3))
    made.set_weights(layer.get_weights())
    return made


def test_training_carries_states_from_batch_to_batch(x):
    inputs = layers.Input(batch_shape=(4, 3, 3))
    model = kerasish.Model(inputs, make("GRU", stateful=True)(inputs))
    model.compile(kerasish.optimizers.SGD(0.0), "mse")
    layer, y = model.layers[1], np.zeros((8, 5), "float32")
    two = np.concatenate([x[:, :3], x[:, 3:]])
    model.fit(two, y, batch_size=4, epochs=1, shuffle=False, verbose=0)
    close(layer.states[0].value, twin_of_weights("GRU", layer)(x))


def test_batches_of_a_stateful_layer_have_one_size(x):
    layer = make("LSTM", stateful=True)
    layer(x)
    message = r"(?s)begin with these states.*\(4, 5\).*\(2, 5\).*batches of one size"
    with pytest.raises(ShapeError, match=message):
        layer(x[:2])


def test_a_stateful_layer_must_know_the_batch_size():
    with pytest.raises(ValueError, match=r"(?s)is stateful.*batch_shape"):
        make("LSTM", stateful=True)(layers.Input((6, 3)))


def test_initial_states_must_fit(x):
    with pytest.raises(ShapeError, match=r"(?s)got: +states of shapes \[\(4, 3\)\]"):
        make("LSTM")(x, initial_state=[x[:, 0]])
    with pytest.raises(ShapeError, match=r"(?s)expected: +shapes \[\(4, 5\)\]"):
        make("GRU")(x, initial_state=x[:, 0])


def test_an_encoder_hands_its_states_to_a_decoder(x):
    source, target = layers.Input((None, 3)), layers.Input((None, 2))
    _, h, c = layers.LSTM(5, return_state=True, name="encoder")(source)
    decoder = layers.LSTM(5, return_sequences=True, name="decoder")
    outputs = decoder(target, initial_state=[h, c])
    model = kerasish.Model([source, target], layers.Dense(1)(outputs))
    assert model.output_shape == (None, None, 1)
    y = x[:, :4, :2]
    found = model.predict([x, y], verbose=0)
    states = model.get_layer("encoder")(x)[1:]
    by_hand = model.layers[-1](decoder(y, initial_state=list(states)))
    close(found, by_hand)
    model.compile("sgd", "mse")
    before = model.get_layer("encoder").get_weights()[0]
    model.fit([x, y], np.ones((4, 4, 1)), verbose=0)
    assert np.abs(model.get_layer("encoder").get_weights()[0] - before).max() > 0
    again = kerasish.Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    close(again.predict([x, y], verbose=0), model.predict([x, y], verbose=0))


# masks ------------------------------------------------------------------------------


@CLASSES
def test_masked_steps_are_left_out(name, x, mask, backend):
    layer = make(name, return_sequences=True, return_state=True)
    found, *last = map(host, layer(x, mask=mask))
    for row, counts in enumerate(mask.astype(bool)):
        if not counts.any():
            close(found[row], np.zeros((6, 5)))
            continue
        kept, *ends = layer(x[row : row + 1, counts])
        close(found[row][counts], kept[0])
        for state, end in zip(last, ends, strict=True):
            close(state[row], end[0])
        for step in np.flatnonzero(~counts):  # as the step before, 0 at first
            before = found[row][step - 1] if step else np.zeros(5)
            np.testing.assert_array_equal(host(found[row][step]), before)


@CLASSES
def test_outputs_of_masked_steps_can_be_0(name, x, mask):
    layer = make(name, return_sequences=True)
    plain = layer(x, mask=mask)
    zeroed = twin(layer, x, zero_output_for_mask=True)(x, mask=mask)
    close(zeroed, host(plain) * mask[:, :, None])


@CLASSES
@pytest.mark.parametrize("unroll", [False, True])
def test_backwards_with_a_mask(name, unroll, x, mask):
    layer = make(name, return_sequences=True)
    backwards = twin(layer, x, go_backwards=True, unroll=unroll)
    close(backwards(x), layer(x[:, ::-1]))
    close(backwards(x, mask=mask), layer(x[:, ::-1], mask=mask[:, ::-1]))


def test_the_mask_of_an_embedding_reaches_the_layers():
    tokens = np.array([[5, 3, 0, 0], [1, 2, 3, 4]])
    embedding = layers.Embedding(10, 3, mask_zero=True)
    one, two = make("LSTM", return_sequences=True), make("GRU")
    model = kerasish.Sequential([layers.Input((None,)), embedding, one, two])
    found = model.predict(tokens, verbose=0)
    vectors = embedding(tokens)
    close(found[:1], two(one(vectors[:1, :2])))
    close(found[1:], two(one(vectors[1:])))
    close(model.predict(tokens[:1, :2], verbose=0), found[:1])


def test_the_mask_of_masking_goes_as_far_as_steps_are_returned(x):
    x[:, 4:] = 0
    masked = layers.Masking()(x)
    steps, last = make("LSTM", return_sequences=True), make("GRU")
    close(last(steps(masked)), last(steps(x[:, :4])))
    counts = x[..., 0] != 0
    assert steps.compute_mask(x, counts) is counts
    assert last.compute_mask(x, counts) is None
    assert make("GRU", return_state=True).compute_mask(x, None) == [None, None]


def test_a_mask_must_fit(x):
    with pytest.raises(ShapeError, match=r"(?s)mask of shape \(4, 5\).*\(4, 6\)"):
        make("LSTM")(x, mask=np.ones((4, 5), bool))


# directions and ways to run ---------------------------------------------------------


@CLASSES
def test_unrolled_layers_compute_the_same(name, x, mask):
    layer = make(name, return_sequences=True, return_state=True)
    unrolled = twin(layer, x, unroll=True)
    for given in ({}, {"mask": mask}):
        for one, other in zip(layer(x, **given), unrolled(x, **given), strict=True):
            close(one, other)

    def loss(one):
        return lambda x: ops.sum(ops.square(one(x)[0]))

    by_x = [
        kerasish.grad(loss(one))(ops.convert_to_tensor(x)) for one in (layer, unrolled)
    ]
    close(*by_x)


def test_lengths_may_be_unknown(x):
    inputs = layers.Input((None, 3))
    steps = make("LSTM", return_sequences=True)(inputs)
    assert steps.shape == (None, None, 5)
    model = kerasish.Model(inputs, make("GRU")(steps))
    assert model.output_shape == (None, 5)
    for length in (1, 4, 6):
        given = x[:, :length]
        by_hand = model.layers[2](model.layers[1](given))
        close(model.predict(given, verbose=0), by_hand)


def test_other_lengths_of_sequences_are_no_other_layers(x):
    with pytest.raises(ShapeError, match=r"LSTM 'lstm'"):
        make("LSTM")(x[0])
    with pytest.raises(ShapeError, match=r"(?s)last axis.*\(None, 6, None\)|last axis"):
        make("LSTM").build((None, 6, None))


# dropout ----------------------------------------------------------------------------


@CLASSES
@pytest.mark.parametrize("kind", ["dropout", "recurrent_dropout"])
def test_dropout_happens_in_training_alone(name, kind, x):
    layer = make(name, return_sequences=True)
    dropping = twin(layer, x, **{kind: 0.5, "seed": 3})
    close(dropping(x), layer(x))
    assert np.abs(host(dropping(x, training=True)) - host(layer(x))).max() > 1e-3


def test_all_steps_drop_the_same_inputs():
    layer = layers.SimpleRNN(
        *(1, "linear"),
        dropout=0.5,
        return_sequences=True,
        kernel_initializer="ones",
        recurrent_initializer="zeros",
        seed=1,
    )
    found = host(layer(np.ones((40, 5, 1), "float32"), training=True))
    np.testing.assert_array_equal(found, np.repeat(found[:, :1], 5, axis=1))
    assert set(np.unique(found)) == {0.0, 2.0}
    again = host(layer(np.ones((40, 5, 1), "float32"), training=True))
    assert (again != found).any()


def test_all_steps_drop_the_same_states():
    layer = layers.SimpleRNN(
        *(1, "linear"),
        recurrent_dropout=0.5,
        return_sequences=True,
        use_bias=False,
        kernel_initializer="ones",
        recurrent_initializer="ones",
        seed=1,
    )
    found = host(layer(np.ones((40, 4, 1), "float32"), training=True))[:, :, 0]
    rows = {tuple(row) for row in found.tolist()}
    assert rows == {(1.0, 1.0, 1.0, 1.0), (1.0, 3.0, 7.0, 15.0)}


def test_cells_of_a_stack_drop_the_same_in_all_steps():
    linear = {"activation": "linear", "kernel_initializer": "ones"}
    cells = [
        layers.SimpleRNNCell(
            1, recurrent_initializer="zeros", dropout=0.5, seed=seed, **linear
        )
        for seed in (1, 2)
    ]
    layer = layers.RNN(cells, return_sequences=True)
    found = host(layer(np.ones((60, 5, 1), "float32"), training=True))
    np.testing.assert_array_equal(found, np.repeat(found[:, :1], 5, axis=1))
    assert set(np.unique(found)) == {0.0, 4.0}


# cells ------------------------------------------------------------------------------


@CLASSES
def test_a_cell_called_by_hand_computes_what_the_layer_does(name, x):
    layer = make(name, return_sequences=True, return_state=True)
    outputs, *last = layer(x)
    states = layer.cell.get_initial_state(batch_size=4)
    for step in range(6):
        output, states = layer.cell(x[:, step], states)
        close(output, outputs[:, step])
    for one, other in zip(states, last, strict=True):
        close(one, other)


def test_a_cell_returns_a_state_as_it_was_given(x):
    cell = layers.GRUCell(5)
    state = np.zeros((4, 5), "float32")
    assert tuple(cell(x[:, 0], state)[1].shape) == (4, 5)
    assert isinstance(cell(x[:, 0], [state])[1], list)


class Leaky(layers.Layer):
    """A cell of a user's own: a running mean, which puts out twice as much."""

    def __init__(self, units, rate=0.5, **kwargs):
        super().__init__(**kwargs)
        self.units, self.rate = units, rate
        self.state_size = units
        self.output_size = 2 * units

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], self.units), "ones", name="k")

    def call(self, inputs, states):
        new = self.rate * states[0] + ops.matmul(inputs, self.kernel)
        return ops.concatenate([new, -new], axis=-1), [new]


def leaky_by_hand(x, rate=0.5):
    state, outputs = 0.0, []
    for t in range(x.shape[1]):
        state = rate * state + x[:, t].sum(-1, keepdims=True)
        outputs.append(np.concatenate([state, -state], -1))
    return np.stack(outputs, 1)


class TestCellsOfOnesOwn:
    def test_they_are_called_step_by_step(self, x):
        layer = layers.RNN(Leaky(1), return_sequences=True, return_state=True)
        outputs, state = layer(x)
        close(outputs, leaky_by_hand(x))
        assert tuple(state.shape) == (4, 1)
        assert layer.compute_output_shape((None, 7, 3)) == ((None, 7, 2), (None, 1))
        assert [w.path for w in layer.weights] == ["rnn/leaky/k"]

    def test_a_masked_step_puts_out_what_the_step_before_did(self, x, mask):
        layer = layers.RNN(Leaky(1), return_sequences=True)
        found = host(layer(x, mask=mask))
        row = mask[1].astype(bool)
        close(found[1][row], leaky_by_hand(x[1:2, row])[0])
        np.testing.assert_array_equal(found[1, 2], found[1, 1])
        np.testing.assert_array_equal(found[3], np.zeros((6, 2)))

    def test_a_subclass_of_a_cell_may_call_otherwise(self, x):
        class Doubled(layers.SimpleRNNCell):
            def call(self, inputs, states, training=False):
                output, new = super().call(inputs, states, training=training)
                return 2 * output, new

        plain = layers.SimpleRNN(5, return_sequences=True)
        doubled = layers.RNN(Doubled(5), return_sequences=True)
        plain(x), doubled(x)
        doubled.set_weights(plain.get_weights())
        close(doubled(x), 2 * host(plain(x)))

    def test_any_object_will_do(self, x):
        class Summing:
            state_size = (3,)

            def call(self, inputs, states):
                total = inputs + states[0]
                return total, [total]

        close(layers.RNN(Summing())(x), x.sum(1), rtol=1e-4)


def test_cells_without_call_or_states_are_refused():
    with pytest.raises(ValueError, match=r"(?s)needs a cell.*got: +3.*`call`"):
        layers.RNN(3)
    with pytest.raises(ValueError, match=r"`state_size`"):
        layers.RNN(layers.Dense(3))
    with pytest.raises(ValueError, match=r"(?s)made of cells.*Dense"):
        layers.StackedRNNCells([layers.Dense(3)])
    with pytest.raises(ValueError, match=r"(?s)positive number of units.*units=0"):
        layers.LSTM(0)


class TestStackedRNNCells:
    def test_a_stack_is_layers_on_top_of_each_other(self, x, mask):
        stack = layers.RNN(
            [layers.LSTMCell(4), layers.GRUCell(3)], return_sequences=True
        )
        one, two = (
            layers.LSTM(4, return_sequences=True),
            layers.GRU(3, return_sequences=True),
        )
        two(one(x)), stack(x)
        stack.set_weights([*one.get_weights(), *two.get_weights()])
        close(stack(x), two(one(x)))
        close(stack(x, mask=mask), two(one(x, mask=mask), mask=mask))

    def test_states_are_those_of_each_cell(self, x):
        stack = layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], return_state=True)
        assert stack.state_size == [[4, 4], 3]
        output, (h, c), last = stack(x)
        assert [tuple(s.shape) for s in (h, c, last)] == [(4, 4), (4, 4), (4, 3)]
        close(output, last)
        expected = ((2, 3), [(2, 4), (2, 4)], (2, 3))
        assert stack.compute_output_shape((2, 6, 3)) == expected
        again = stack(x, initial_state=stack.get_initial_state(4))
        close(again[0], output)

    def test_a_stack_called_by_hand_computes_the_same(self, x):
        layer = layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)])
        expected = layer(x)
        states = layer.cell.get_initial_state(batch_size=4)
        for step in range(6):
            output, states = layer.cell(x[:, step], states)
        close(output, expected)

    def test_a_stack_may_hold_cells_of_ones_own(self, x):
        layer = layers.RNN([Leaky(1), layers.GRUCell(3)], return_state=True)
        output, own, state = layer(x)
        gru = layers.GRU(3)
        steps = leaky_by_hand(x).astype("float32")
        gru(steps)
        gru.set_weights(layer.get_weights()[1:])
        close(output, gru(steps))
        assert [tuple(s.shape) for s in tree_leaves([own, state])] == [(4, 1), (4, 3)]


def tree_leaves(structure):
    return kerasish.tree.flatten(structure)


# penalties, policies, arguments -----------------------------------------------------


def test_penalties_on_weights_and_outputs(x):
    layer = make(
        "LSTM",
        kernel_regularizer="l2",
        recurrent_regularizer="l1",
        activity_regularizer="l2",
    )
    y = host(layer(x))
    kernel, recurrent, _ = layer.get_weights()
    expected = 0.01 * np.array(
        [(y**2).sum() / 4, (kernel**2).sum(), np.abs(recurrent).sum()]
    )
    close(sorted(float(loss) for loss in layer.losses), sorted(expected), rtol=1e-4)


def test_half_precision(x):
    layer = make("LSTM", dtype="mixed_float16", return_state=True)
    found = layer(x)
    assert {str(f.dtype) for f in found} == {"float16"}
    assert {w.dtype for w in layer.weights} == {"float32"}
    single = make("LSTM")
    single(x)
    single.set_weights(layer.get_weights())
    close(host(found[0]).astype("float32"), single(x), atol=2e-3)


def test_arguments_of_older_files_are_understood(x):
    layer = make("LSTM", implementation=2, use_cudnn="auto")
    assert not {"implementation", "use_cudnn"} & set(layer.get_config())
    with pytest.raises(ValueError, match=r"(?s)argument of LSTM.*unitts"):
        make("LSTM", unitts=3)
