"""Scripts of the guides to training, freezing, masking, clones and policies."""

import numpy as np

from tests.parity.guides import (
    data,
    fill,
    guide,
    host,
    mask_of,
    trainable_paths,
)
from tests.parity.guides_models import ticket_data, tickets

# steps of one's own -----------------------------------------------------------------


@guide
def own_compute_loss(k):
    class Custom(k.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.seen = k.metrics.Mean(name="seen")

        def compute_loss(
            self, x=None, y=None, y_pred=None, sample_weight=None, training=True
        ):
            loss = k.ops.mean((y_pred - y) ** 2) + 0.1 * k.ops.mean(y_pred**2)
            self.seen.update_state(loss)
            return loss

        @property
        def metrics(self):
            return [self.seen]

    inputs = k.Input((3,))
    model = Custom(inputs, k.layers.Dense(1)(inputs))
    fill(model)
    model.compile(k.optimizers.SGD(0.1))
    x, y = data(16, 3), data(16, 1, seed=3)
    history = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return history.history, model.evaluate(x, y, verbose=0)


@guide
def own_compute_metrics(k):
    class Custom(k.Model):
        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            found = super().compute_metrics(x, y, y_pred, sample_weight)
            return {**found, "twice": 2 * found["mae"]}

    inputs = k.Input((3,))
    model = Custom(inputs, k.layers.Dense(1)(inputs))
    fill(model)
    model.compile(k.optimizers.SGD(0.1), "mse", metrics=["mae"])
    x, y = data(16, 3), data(16, 1, seed=3)
    history = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return history.history


@guide
def stateless_use(k):
    model = k.Sequential(
        [
            k.Input((3,)),
            k.layers.Dense(4, kernel_regularizer="l2", name="d"),
            k.layers.BatchNormalization(name="n"),
        ]
    )
    fill(model)
    x = data(5, 3)
    trainable = [v.value for v in model.trainable_variables]
    others = [v.value for v in model.non_trainable_variables]
    outputs, updated, losses = model.stateless_call(
        trainable, others, x, training=True, return_losses=True
    )
    return (
        host(k, outputs),
        [host(k, v) for v in updated],
        [float(host(k, one)) for one in losses],
        [host(k, v) for v in model.non_trainable_variables],
    )


# freezing ---------------------------------------------------------------------------


@guide
def freezing(k):
    base = k.Sequential(
        [
            k.Input((4,)),
            k.layers.Dense(5, name="d1", activation="relu"),
            k.layers.BatchNormalization(name="bn"),
        ],
        name="base",
    )
    counts = [(len(base.trainable_weights), len(base.non_trainable_weights))]
    base.trainable = False
    counts.append((len(base.trainable_weights), len(base.non_trainable_weights)))
    inputs = k.Input((4,))
    x = base(inputs, training=False)
    model = k.Model(inputs, k.layers.Dense(1, name="top")(x))
    fill(model)
    model.compile(k.optimizers.SGD(0.1), "mse")
    x, y = data(16, 4), data(16, 1, seed=3)
    first = model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0)
    frozen = [layer.trainable for layer in base.layers]
    base.trainable = True
    model.compile(k.optimizers.SGD(0.01), "mse")
    second = model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0)
    counts.append((len(model.trainable_weights), len(model.non_trainable_weights)))
    return counts, frozen, first.history, second.history, model.get_weights()


@guide
def freezing_after_compile(k):
    inputs = k.Input((4,))
    hidden = k.layers.Dense(3, name="hidden")
    model = k.Model(inputs, k.layers.Dense(1, name="top")(hidden(inputs)))
    fill(model)
    model.compile(k.optimizers.SGD(0.1), "mse")
    hidden.trainable = False
    x, y = data(16, 4), data(16, 1, seed=3)
    before = hidden.get_weights()
    model.fit(x, y, verbose=0)
    same = [
        bool(np.array_equal(a, b))
        for a, b in zip(before, hidden.get_weights(), strict=True)
    ]
    return same, trainable_paths(model), model.count_params()


@guide
def frozen_batch_normalization(k):
    layer = k.layers.BatchNormalization()
    layer.build((None, 3))
    layer.trainable = False
    x = data(8, 3) + 5
    found = host(k, layer(x, training=True))
    return found, layer.get_weights(), len(layer.trainable_weights)


# masking ----------------------------------------------------------------------------


@guide
def masks_computed(k):
    tokens = np.array([[3, 4, 0, 0], [1, 2, 5, 0]])
    embedding = k.layers.Embedding(8, 3, mask_zero=True)
    masked = embedding(tokens)
    fill(embedding)
    zeros = data(2, 3, 2)
    zeros[:, 1:] = 0
    layer = k.layers.Masking()
    return (
        mask_of(k, masked),
        mask_of(k, layer(zeros)),
        host(k, embedding.compute_mask(tokens)),
        host(k, layer.compute_mask(zeros)),
    )


@guide
def masks_through_a_model(k):
    tokens = np.array([[3, 4, 0, 0], [1, 2, 5, 0]])
    inputs = k.Input((None,), dtype="int32")
    x = k.layers.Embedding(8, 3, mask_zero=True)(inputs)
    x = k.layers.Dense(2)(x)
    x = k.layers.Dropout(0.2)(x)
    model = k.Model(inputs, k.layers.GlobalAveragePooling1D()(x))
    steps = k.Model(inputs, x)
    fill(model)
    found = steps(tokens)
    steps.compile(k.optimizers.SGD(0.1), "mse")
    return (
        model.predict(tokens, verbose=0),
        mask_of(k, found),
        steps.evaluate(tokens, data(2, 4, 2), verbose=0),
    )


@guide
def masks_of_layers_of_ones_own(k):
    class Split(k.layers.Layer):
        def call(self, inputs):
            return k.ops.split(inputs, 2, axis=1)

        def compute_mask(self, inputs, mask=None):
            return None if mask is None else k.ops.split(mask, 2, axis=1)

    class Passing(k.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.supports_masking = True

        def call(self, inputs):
            return k.ops.relu(inputs)

    class Softmax(Passing):
        def call(self, inputs, mask=None):
            factor = k.ops.expand_dims(k.ops.cast(mask, "float32"), -1)
            top = k.ops.exp(inputs) * factor
            return top / k.ops.sum(top, axis=1, keepdims=True)

    tokens = np.array([[3, 4, 0, 0], [1, 2, 5, 0]])
    embedding = k.layers.Embedding(8, 3, mask_zero=True)
    x = embedding(tokens)
    fill(embedding)
    x = embedding(tokens)
    inputs = k.Input((None,), dtype="int32")
    model = k.Model(inputs, Softmax()(Passing()(embedding(inputs))))
    halves = Split()(x)
    return (
        [mask_of(k, half) for half in halves],
        mask_of(k, Passing()(x)),
        host(k, Softmax()(x)),
        host(k, model(tokens)),
    )


# clones, policies, listings ---------------------------------------------------------


@guide
def clones(k):
    model = tickets(k)
    clone = k.models.clone_model(model)
    fill(model, clone)
    x, _ = ticket_data()

    def softened(layer):
        config = layer.get_config()
        if isinstance(layer, k.layers.Dense):
            config["activation"] = "tanh"
        return type(layer).from_config(config)

    other = k.models.clone_model(model, clone_function=softened)
    fill(other)
    return (
        clone.predict(x, verbose=0),
        other.predict(x, verbose=0),
        [w.path for w in clone.weights],
    )


@guide
def policies(k):
    inputs = k.Input((3,))
    x = k.layers.Dense(4, dtype="mixed_float16", name="half")(inputs)
    y = k.layers.Dense(2, dtype="float16", name="short")(x)
    model = k.Model(inputs, k.layers.Dense(1, dtype="float32", name="out")(y))
    return (
        [str(layer.compute_dtype) for layer in model.layers],
        [str(w.dtype) for w in model.weights],
        [str(layer.output.dtype) for layer in model.layers],
        str(host(k, model(data(2, 3))).dtype),
    )
