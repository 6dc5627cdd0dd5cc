"""Models of Keras 3 for `make_corpus.py`: every layer, nesting, masks, functions.

`models(keras)` yields name, model and compile arguments (None: not compiled).
"""

from tests.layers.samples import SAMPLES
from tests.saving.golden.corpus_keras2 import attention, graphs, images

PER_MODEL = 4
WORDS = 7
# Layers of which Keras cannot make a model: it finds a cycle in the graph.
APART = ("Equalization",)
# Layers with which Keras cannot save a model as .h5.
NOT_AS_H5 = (
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomPosterization",
    "RandomSaturation",
    "RandomSharpness",
    "Solarization",
)


def models(keras):
    """Yield `(name, model, compile arguments)` for every model of the corpus."""
    for word, group in _groups().items():
        for number, start in enumerate(range(0, len(group), PER_MODEL)):
            made = of_samples(keras, group[start : start + PER_MODEL])
            yield f"{word}_{number:02}", made, None
    shared = {**images(keras), **graphs(keras), **attention(keras)}
    shared.pop("attention_keyed")  # Keras cannot run it on jax
    for name, make in {**shared, **_more(keras), **_lookups(keras)}.items():
        made = make()
        yield name, *(made if isinstance(made, tuple) else (made, None))
    for name, arguments in trained(keras).items():
        yield name, mlp(keras), arguments


def models_of_tensorflow(keras):
    """Yield what only TensorFlow can run, the layers of text, and a few others."""
    for name, make in _texts(keras).items():
        yield name, make(), None
    yield from models_of_torch(keras)


def models_of_torch(keras):
    """Yield a few models to see what a backend puts into files."""
    yield "cnn", *images(keras)["cnn"]()
    yield "words", _more(keras)["words"](), None
    arguments = trained(keras)
    for name in ("mlp_adam", "mlp_momentum", "mlp_rmsprop"):
        yield name, mlp(keras), arguments[name]
    # on jax Keras fails in the second call of `fit`
    average = keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9)
    compiled = {"optimizer": average, "loss": "mean_squared_error"}
    yield "mlp_averaging", mlp(keras), compiled


def _groups():
    """Return the names of layers by the kind of model they get into."""
    names = [name for name in sorted(SAMPLES) if name not in (*APART, *NOT_AS_H5)]
    drawing = [name for name in names if name.startswith("Rand")]
    return {
        "layers": [name for name in names if name not in drawing],
        "drawing": drawing,
        "archived": list(NOT_AS_H5),
    }


def of_samples(keras, names):
    """Return a model of layers side by side, each with inputs of its own."""
    inputs, outputs = [], []
    for name in names:
        sample = SAMPLES[name]
        dtype = None if sample.high is None else "int32"
        shapes = sample.shape if isinstance(sample.shape, list) else [sample.shape]
        fed = [keras.Input(shape, dtype=dtype) for shape in shapes]
        inputs += fed
        one = fed if isinstance(sample.shape, list) else fed[0]
        made = sample.made_by(keras, name)(*sample.arguments_of(one))
        outputs.append(made)
    return keras.Model(inputs, outputs, name="side_by_side")


def mlp(keras, **settings):
    """Return the model whose training goes on from its files."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(4, "relu", kernel_regularizer="l2", **settings),
            layers.BatchNormalization(),
            layers.Dense(2),
        ]
    )


def trained(keras):
    """Return compile arguments by name; training goes on from these files."""
    optimizers = keras.optimizers
    decay = optimizers.schedules.ExponentialDecay(0.05, 2, 0.5)
    cosine = optimizers.schedules.CosineDecay(
        0.1, 10, warmup_target=0.2, warmup_steps=3
    )
    made = {
        "sgd": optimizers.SGD(0.05),
        "momentum": optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        "rmsprop": optimizers.RMSprop(decay, momentum=0.5, centered=True),
        "adam": optimizers.Adam(0.01),
        "amsgrad": optimizers.Adam(cosine, amsgrad=True, clipnorm=1.0),
        "adamw": optimizers.AdamW(0.01, weight_decay=0.1),
        "nadam": optimizers.Nadam(0.01),
        "adamax": optimizers.Adamax(0.01),
        "adagrad": optimizers.Adagrad(0.1),
        "adadelta": optimizers.Adadelta(0.5),
        "ftrl": optimizers.Ftrl(0.01),
        "lion": optimizers.Lion(0.001),
        "lamb": optimizers.Lamb(0.01),
        "muon": optimizers.Muon(0.01),
        "adafactor": optimizers.Adafactor(0.05),
        "accumulating": optimizers.Adam(0.01, gradient_accumulation_steps=2),
        "scaled": optimizers.LossScaleOptimizer(optimizers.SGD(0.05, momentum=0.9)),
    }
    losses = keras.losses
    arguments = {
        name: {"optimizer": optimizer, "loss": "mean_squared_error"}
        for name, optimizer in made.items()
    }
    arguments["aliases"] = {"optimizer": "adam", "loss": "mse", "metrics": ["mae"]}
    arguments["huber"] = {"optimizer": "sgd", "loss": losses.Huber(delta=0.3)}
    cosine = losses.CosineSimilarity(axis=0)
    arguments["cosine"] = {"optimizer": "sgd", "loss": cosine}
    arguments["measured"] = {
        "optimizer": "rmsprop",
        "loss": losses.MeanAbsoluteError(reduction="sum"),
        "metrics": [
            keras.metrics.RootMeanSquaredError(name="off"),
            "cosine_similarity",
        ],
        "weighted_metrics": ["mse"],
    }
    return {f"mlp_{name}": held for name, held in arguments.items()}


def _more(keras):
    layers, ops = keras.layers, keras.ops

    def words():
        ids = keras.Input((5,), dtype="int32")
        x = layers.Embedding(WORDS, 4, mask_zero=True)(ids)
        x = layers.MultiHeadAttention(2, 3)(x, x)
        forward = layers.LSTM(3, return_sequences=True)(x)
        both = layers.Concatenate()(
            [forward, layers.TimeDistributed(layers.Dense(2))(x)]
        )
        return keras.Model(ids, layers.Bidirectional(layers.GRU(2))(both))

    def masking():
        x = inputs = keras.Input((5, 3))
        x = layers.GRU(3, return_sequences=True)(layers.Masking(0.5)(x))
        return keras.Model(inputs, layers.GlobalAveragePooling1D()(x))

    def states():
        source, target = keras.Input((5, 3)), keras.Input((4, 2))
        _, *state = layers.LSTM(3, return_state=True)(source)
        x = layers.LSTM(3, return_sequences=True)(target, initial_state=state)
        cells = [layers.SimpleRNNCell(2), layers.GRUCell(2), layers.LSTMCell(3)]
        stacked = layers.RNN(layers.StackedRNNCells(cells))(target)
        return keras.Model([source, target], [layers.Dense(2)(x), stacked])

    def functions():
        x = inputs = keras.Input((4, 6))
        x = ops.relu(x * 2 + 1) - x[:, ::-1] / 3
        x = ops.concatenate([x, ops.softmax(x, axis=1)], axis=-1)
        x = ops.transpose(ops.reshape(x, (-1, 4, 2, 6)), (0, 2, 1, 3))
        mean = ops.mean(x, axis=(1, 2), keepdims=True)
        x = ops.where(x > mean, x, ops.sin(x)) ** 2
        one, other = ops.split(x, 2, axis=-1)
        x = ops.einsum("bijk,bilk->bijl", one, other)
        x = ops.expand_dims(ops.max(x, axis=-1), -1) @ ops.ones((1, 3))
        outputs = [layers.Dense(2)(x), x[:, 0, -1], ops.clip(1 - x, -1, 1)]
        return keras.Model(inputs, outputs)

    def mixed():
        return mlp(keras, dtype="mixed_float16")

    def settings():
        regularizers, constraints = keras.regularizers, keras.constraints
        initializers = keras.initializers
        return keras.Sequential(
            [
                keras.Input((4,)),
                layers.Dense(
                    3,
                    kernel_initializer=initializers.VarianceScaling(2.0, "fan_out"),
                    bias_initializer=initializers.Constant(0.5),
                    kernel_regularizer=regularizers.L1L2(0.01, 0.02),
                    kernel_constraint=constraints.MaxNorm(2.0),
                    bias_constraint="non_neg",
                    activity_regularizer=regularizers.L1(0.1),
                ),
                layers.Dense(
                    3, keras.activations.gelu, kernel_initializer="orthogonal"
                ),
                layers.Dense(3, "hard_sigmoid", use_bias=False, trainable=False),
            ]
        )

    return {
        "words": words,
        "masking": masking,
        "states": states,
        "functions": functions,
        "mixed_float16": mixed,
        "settings": settings,
        "normalization": lambda: _normalization(keras),
    }


def _normalization(keras):
    layers = keras.layers
    scale = layers.Normalization()
    scale.adapt(keras.ops.convert_to_numpy([[1.0, 2.0, 3.0], [3.0, 5.0, 9.0]]))
    places = layers.Discretization(num_bins=3, output_mode="one_hot")
    places.adapt(keras.ops.convert_to_numpy([[0.1, 0.2, 0.4, 0.9]]))
    inputs = keras.Input((3,))
    return keras.Model(inputs, [layers.Dense(2)(scale(inputs)), places(inputs)])


def _lookups(keras):
    layers = keras.layers

    def numbers():
        lookup = layers.IntegerLookup(num_oov_indices=1)
        lookup.adapt([3, 5, 5, 2, 3, 5])
        given = layers.IntegerLookup(vocabulary=[4, 2], output_mode="multi_hot")
        ids = keras.Input((3,), dtype="int32")
        x = layers.Embedding(5, 2)(lookup(ids))
        return keras.Model(ids, [x, given(ids)])

    def mixing():
        x = inputs = {
            "images": keras.Input((4, 4, 3), name="images"),
            "labels": keras.Input((3,), name="labels"),
        }
        for layer in (layers.MixUp(0.3, seed=3), layers.CutMix(seed=4)):
            x = layer(x)
        return keras.Model(inputs, x)

    return {"numbers": numbers, "mixing": mixing}


def _texts(keras):
    layers = keras.layers

    def hashed():
        words = keras.Input((3,), dtype="string")
        numbers = keras.Input((1,), dtype="int32")
        word = keras.Input((1,), dtype="string")
        made = [
            layers.Hashing(5)(words),
            layers.Hashing(4, salt=7, output_mode="multi_hot")(words),
            layers.Hashing(6, mask_value="a")(words),
            layers.HashedCrossing(7, output_mode="one_hot")((word, numbers)),
        ]
        return keras.Model([words, word, numbers], made)

    def strings():
        words = keras.Input((3,), dtype="string")
        learnt = layers.StringLookup(mask_token="never", num_oov_indices=2)
        learnt.adapt(["b", "c", "b", "a b"])
        given = layers.StringLookup(vocabulary=["a", "b"], output_mode="count")
        return keras.Model(words, [layers.Embedding(6, 2)(learnt(words)), given(words)])

    def sentences():
        text = keras.Input((1,), dtype="string")
        order = layers.TextVectorization(output_sequence_length=3)
        order.adapt(["a b a", "C! a", "b"])
        weight = layers.TextVectorization(output_mode="tf_idf", ngrams=2)
        weight.adapt(["a b a", "c a", "b"])
        given = layers.TextVectorization(vocabulary=["b", "a"], split="character")
        return keras.Model(text, [order(text), weight(text), given(text)])

    return {"hashed": hashed, "strings": strings, "sentences": sentences}
