"""Scripts of the guides to the functional API and to subclassing."""

import json

import numpy as np

from tests.parity.guides import (
    data,
    fill,
    guide,
    host,
    kind_of_error,
    labels,
    names,
    trainable_paths,
)

# the functional API -----------------------------------------------------------------


@guide
def first_functional_model(k):
    inputs = k.Input(shape=(8,))
    x = k.layers.Dense(6, activation="relu", name="one")(inputs)
    x = k.layers.Dense(6, activation="relu", name="two")(x)
    model = k.Model(inputs=inputs, outputs=k.layers.Dense(3)(x), name="net")
    fill(model)
    model.compile(
        k.optimizers.RMSprop(),
        k.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[k.metrics.SparseCategoricalAccuracy()],
    )
    x, y = data(40, 8), labels(40, 3)
    history = model.fit(
        x, y, batch_size=8, epochs=2, validation_split=0.2, shuffle=False, verbose=0
    )
    return history.history, model.evaluate(x, y, verbose=0), model.metrics_names


@guide
def autoencoder_of_shared_layers(k):
    source = k.Input(shape=(8, 8, 1), name="img")
    x = k.layers.Conv2D(4, 3, activation="relu")(source)
    x = k.layers.MaxPooling2D(2)(x)
    code = k.layers.GlobalMaxPooling2D()(x)
    encoder = k.Model(source, code, name="encoder")
    x = k.layers.Reshape((2, 2, 1))(code)
    x = k.layers.Conv2DTranspose(2, 3, activation="relu")(x)
    x = k.layers.UpSampling2D(2)(x)
    autoencoder = k.Model(source, x, name="autoencoder")
    fill(autoencoder)
    again = k.Input((8, 8, 1))
    both = k.Model(again, autoencoder(autoencoder(again)[..., :1]))
    image = data(2, 8, 8, 1)
    return (
        [m.output_shape for m in (encoder, autoencoder, both)],
        [m.count_params() for m in (encoder, autoencoder, both)],
        [host(k, m(image)) for m in (encoder, autoencoder, both)],
        len(both.weights),
    )


@guide
def ensemble(k):
    def part(name):
        inputs = k.Input((5,))
        return k.Model(inputs, k.layers.Dense(1, name="d")(inputs), name=name)

    parts = [part(f"part_{i}") for i in range(3)]
    inputs = k.Input((5,))
    outputs = k.layers.average([p(inputs) for p in parts])
    whole = k.Model(inputs, outputs)
    fill(whole)
    x = data(3, 5)
    weights = [w.path for w in whole.weights]
    return whole.predict(x, verbose=0), weights, names(whole.layers)[1:4]


def tickets(k):
    title = k.Input(shape=(None,), name="title", dtype="int32")
    body = k.Input(shape=(None,), name="body", dtype="int32")
    tags = k.Input(shape=(4,), name="tags")
    one = k.layers.Embedding(11, 4)(title)
    two = k.layers.Embedding(11, 4)(body)
    one = k.layers.GlobalAveragePooling1D()(one)
    two = k.layers.GlobalMaxPooling1D()(two)
    x = k.layers.concatenate([one, two, tags])
    outputs = {
        "priority": k.layers.Dense(1, name="priority")(x),
        "department": k.layers.Dense(3, name="department")(x),
    }
    return k.Model([title, body, tags], outputs)


def ticket_data(num_samples=12):
    x = {
        "title": labels(num_samples * 5, 11).reshape(num_samples, 5),
        "body": labels(num_samples * 7, 11, 3).reshape(num_samples, 7),
        "tags": data(num_samples, 4),
    }
    y = {
        "priority": data(num_samples, 1, seed=4),
        "department": np.eye(3, dtype="float32")[labels(num_samples, 3)],
    }
    return x, y


@guide
def multiple_inputs_and_outputs(k):
    model = tickets(k)
    fill(model)
    model.compile(
        optimizer=k.optimizers.RMSprop(1e-3),
        loss={
            "priority": k.losses.BinaryCrossentropy(from_logits=True),
            "department": k.losses.CategoricalCrossentropy(from_logits=True),
        },
        loss_weights={"priority": 1.0, "department": 0.2},
        metrics={"priority": ["mae"], "department": ["accuracy"]},
    )
    x, y = ticket_data()
    y["priority"] = (y["priority"] > 0).astype("float32")
    history = model.fit(x, y, epochs=2, batch_size=4, shuffle=False, verbose=0)
    found = model.predict(x, verbose=0)
    return history.history, found, model.output_names


@guide
def outputs_in_a_dict_with_losses_in_a_list_fail_alike(k):
    model = tickets(k)
    model.compile("sgd", loss=["mse"])
    x, y = ticket_data()
    return kind_of_error(lambda: model.fit(x, y, verbose=0))


@guide
def toy_residual_network(k):
    inputs = k.Input((8, 8, 3), name="img")
    x = k.layers.Conv2D(4, 3, activation="relu")(inputs)
    first = k.layers.MaxPooling2D(3, padding="same")(x)
    x = k.layers.Conv2D(4, 3, activation="relu", padding="same")(first)
    second = k.layers.add([x, first])
    x = k.layers.GlobalAveragePooling2D()(second)
    x = k.layers.Dropout(0.5)(k.layers.Dense(5)(x))
    model = k.Model(inputs, x, name="toy")
    fill(model)
    lines = []
    model.summary(print_fn=lambda text, **_: lines.append(text))
    kinds = [type(layer).__name__ for layer in model.layers]
    return model.predict(data(2, 8, 8, 3), verbose=0), kinds, model.count_params()


@guide
def shared_embedding(k):
    shared = k.layers.Embedding(10, 3)
    one, two = (k.Input((None,), dtype="int32") for _ in range(2))
    model = k.Model([one, two], [shared(one), shared(two)])
    fill(model)
    x = labels(6, 10).reshape(2, 3)
    return model.predict([x, x[:, ::-1]], verbose=0), len(model.weights)


@guide
def features_of_all_layers(k):
    model = k.Sequential(
        [
            k.Input((6, 6, 1)),
            k.layers.Conv2D(2, 3, name="conv"),
            k.layers.Flatten(name="flat"),
            k.layers.Dense(2, name="top"),
        ]
    )
    fill(model)
    features = k.Model(model.inputs[0], [layer.output for layer in model.layers])
    middle = k.Model(model.inputs[0], model.get_layer("flat").output)
    image = data(2, 6, 6, 1)
    found = [host(k, f) for f in features(image)]
    return found, host(k, middle(image)), [type(features(image)).__name__]


@guide
def model_of_a_middle_part(k):
    inputs = k.Input((4,))
    x = k.layers.Dense(5, name="a", activation="tanh")(inputs)
    y = k.layers.Dense(3, name="b")(x)
    z = k.layers.Dense(2, name="c")(y)
    whole = k.Model(inputs, z)
    fill(whole)
    tail = k.Model(whole.get_layer("a").output, whole.output)
    return (
        [layer.name for layer in tail.layers][1:],
        host(k, tail(data(3, 5))),
        [w.path for w in tail.weights],
    )


@guide
def config_round_trip_of_a_custom_layer(k):
    @k.saving.register_keras_serializable("guides")
    class Linear(k.layers.Layer):
        def __init__(self, units=3, **kwargs):
            super().__init__(**kwargs)
            self.units = units

        def build(self, input_shape):
            self.w = self.add_weight(
                shape=(input_shape[-1], self.units),
                initializer="random_normal",
                trainable=True,
            )
            self.b = self.add_weight(
                shape=(self.units,), initializer="random_normal", trainable=True
            )

        def call(self, inputs):
            return k.ops.matmul(inputs, self.w) + self.b

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    inputs = k.Input((4,))
    model = k.Model(inputs, Linear(2, name="linear")(inputs), name="m")
    fill(model)
    twin = k.Model.from_config(json.loads(json.dumps(model.get_config())))
    twin.set_weights(model.get_weights())
    other = k.models.model_from_json(model.to_json())
    other.set_weights(model.get_weights())
    x = data(3, 4)
    return [host(k, m(x)) for m in (model, twin, other)], [w.path for w in twin.weights]


@guide
def wrong_inputs(k):
    one, two = k.Input((3,), name="one"), k.Input((3,), name="two")
    model = k.Model([one, two], k.layers.Add()([one, two]))
    good = data(2, 3)
    other = k.Input((4,), name="other")
    return [
        kind_of_error(lambda: model(good)),
        kind_of_error(lambda: model([good, good, good])),
        kind_of_error(lambda: model([good, data(2, 4)])),
        kind_of_error(lambda: model({"one": good})),
        kind_of_error(lambda: k.Model(one, k.layers.Add()([one, two]))),
        kind_of_error(lambda: k.Model(one, good)),
        kind_of_error(lambda: k.layers.Dense(2)(None)),
        kind_of_error(lambda: k.layers.Add()([one, other])),
        kind_of_error(lambda: k.layers.Conv2D(2, 3)(one)),
        kind_of_error(lambda: model.get_layer("three")),
        kind_of_error(lambda: k.layers.Dense(2, activation="rleu")),
        kind_of_error(lambda: k.layers.Dense(-1)),
        kind_of_error(lambda: k.layers.Dense(2, unit=3)),
    ]


# subclassing ------------------------------------------------------------------------


@guide
def layers_in_layers(k):
    class Block(k.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.one = k.layers.Dense(4, name="one", activation="relu")
            self.others = [k.layers.Dense(3, name=f"other_{i}") for i in range(2)]
            self.named = {"last": k.layers.Dense(2, name="last")}

        def call(self, inputs):
            x = self.one(inputs)
            for layer in self.others:
                x = layer(x)
            return self.named["last"](x)

    block = Block(name="block")
    before = len(block.weights)
    block(data(2, 3))
    fill(block)
    return (
        before,
        len(block.trainable_weights),
        [w.path for w in block.weights],
        host(k, block(data(2, 3))),
    )


@guide
def losses_added_by_layers(k):
    class Activity(k.layers.Layer):
        def __init__(self, rate=1e-2):
            super().__init__()
            self.rate = rate

        def call(self, inputs):
            self.add_loss(self.rate * k.ops.mean(inputs))
            return inputs

    class Outer(k.layers.Layer):
        def __init__(self):
            super().__init__()
            self.dense = k.layers.Dense(2, kernel_regularizer=k.regularizers.l2(0.1))
            self.activity = Activity()

        def call(self, inputs):
            return self.activity(self.dense(inputs))

    layer = Outer()
    before = len(layer.losses)
    layer(data(2, 3))
    fill(layer)
    layer(data(2, 3))
    first = sorted(float(host(k, loss)) for loss in layer.losses)
    layer(data(2, 3, seed=5))
    return before, first, len(layer.losses)


@guide
def training_with_added_losses(k):
    class Activity(k.layers.Layer):
        def call(self, inputs):
            self.add_loss(1e-1 * k.ops.sum(inputs**2))
            return inputs

    inputs = k.Input((4,))
    hidden = k.layers.Dense(3, name="hidden", kernel_regularizer="l2")(inputs)
    model = k.Model(inputs, k.layers.Dense(1, name="out")(Activity()(hidden)))
    fill(model)
    model.compile(k.optimizers.SGD(0.01), "mse", metrics=["mae"])
    x, y = data(16, 4), data(16, 1, seed=3)
    history = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return history.history, model.get_weights()


@guide
def training_and_mask_arguments(k):
    class Doubling(k.layers.Layer):
        def call(self, inputs, training=None):
            return inputs * 2 if training else inputs

    class Outer(k.layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Doubling()

        def call(self, inputs):
            return self.inner(inputs)

    x = data(2, 3)
    layer, outer = Doubling(), Outer()
    inputs = k.Input((3,))
    model = k.Model(inputs, Outer()(inputs))
    fixed = k.Model(inputs, Doubling()(inputs, training=True))
    return [
        host(k, found)
        for found in (
            layer(x),
            layer(x, training=True),
            outer(x),
            outer(x, training=True),
            model(x),
            model(x, training=True),
            fixed(x),
            fixed(x, training=False),
        )
    ]


@guide
def subclassed_model(k):
    class Net(k.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.dense = k.layers.Dense(4, activation="relu")
            self.norm = k.layers.BatchNormalization()
            self.top = k.layers.Dense(1)

        def call(self, inputs, training=False):
            return self.top(self.norm(self.dense(inputs), training=training))

    model = Net(name="net")
    error = kind_of_error(lambda: model.count_params())
    x, y = data(16, 3), data(16, 1, seed=3)
    model(x)
    fill(model)
    model.compile(k.optimizers.SGD(0.05), "mse", metrics=["mae"])
    history = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return (
        error,
        history.history,
        model.predict(x, verbose=0),
        names(model.layers),
        [w.path for w in model.weights],
        trainable_paths(model),
    )


@guide
def variational_autoencoder(k):
    class Sampling(k.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.seed_generator = k.random.SeedGenerator(1)

        def call(self, inputs):
            mean, log_var = inputs
            noise = 0.0 * k.random.normal(k.ops.shape(mean), seed=self.seed_generator)
            return mean + k.ops.exp(0.5 * log_var) * noise

    class Encoder(k.layers.Layer):
        def __init__(self, latent=2, name="encoder", **kwargs):
            super().__init__(name=name, **kwargs)
            self.proj = k.layers.Dense(4, activation="relu")
            self.mean = k.layers.Dense(latent)
            self.log_var = k.layers.Dense(latent)
            self.sampling = Sampling()

        def call(self, inputs):
            x = self.proj(inputs)
            mean, log_var = self.mean(x), self.log_var(x)
            return mean, log_var, self.sampling((mean, log_var))

    class Vae(k.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.encoder = Encoder()
            self.decoder = k.layers.Dense(6, activation="sigmoid")

        def call(self, inputs):
            mean, log_var, z = self.encoder(inputs)
            square, spread = k.ops.square(mean), k.ops.exp(log_var)
            self.add_loss(-0.5 * k.ops.mean(log_var - square - spread + 1))
            return self.decoder(z)

    vae = Vae()
    x = np.abs(data(12, 6)) % 1
    vae(x)
    fill(vae)
    vae.compile(k.optimizers.SGD(0.1), loss=k.losses.MeanSquaredError())
    history = vae.fit(x, x, epochs=2, batch_size=4, shuffle=False, verbose=0)
    return history.history, vae.predict(x, verbose=0), len(vae.variables)


@guide
def subclass_that_is_functional(k):
    class Net(k.Model):
        def __init__(self, units, **kwargs):
            inputs = k.Input((3,))
            outputs = k.layers.Dense(units, name="d")(inputs)
            super().__init__(inputs=inputs, outputs=outputs, **kwargs)
            self.units = units

    model = Net(2, name="mine")
    fill(model)
    return model.output_shape, names(model.layers)[1:], host(k, model(data(2, 3)))
