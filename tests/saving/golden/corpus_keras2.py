"""Small models of Keras 2, for `make_corpus.py`: what its files hold in practice.

`models(keras, tf)` yields name, model and compile arguments; `keras` is tf_keras.
"""

WORDS = 7  # vocabulary of the models that read words


def models(keras, tf):
    """Yield `(name, model, compile arguments)` for every model of the corpus."""
    for family in (_dense, images, _recurrent, attention, graphs, _tensor_ops):
        takes_tensorflow = family.__name__.startswith("_")
        made_by = family(keras, tf) if takes_tensorflow else family(keras)
        for name, make in made_by.items():
            made = make()
            model, arguments = made if isinstance(made, tuple) else (made, None)
            yield name, model, arguments or {"optimizer": "adam", "loss": "mse"}


def _dense(keras, tf):
    layers, optimizers = keras.layers, keras.optimizers

    def mlp(optimizer="adam", loss="mse", **arguments):
        model = keras.Sequential(
            [
                layers.Dense(4, "relu", input_shape=(3,), kernel_regularizer="l2"),
                layers.Dropout(0.0),
                layers.Dense(2),
            ]
        )
        return model, {"optimizer": optimizer, "loss": loss, **arguments}

    def settings():
        return keras.Sequential(
            [
                keras.Input((4,)),
                layers.Dense(
                    3,
                    kernel_initializer=keras.initializers.VarianceScaling(
                        2.0, "fan_out", "uniform", seed=3
                    ),
                    bias_initializer=keras.initializers.Constant(0.5),
                    kernel_regularizer=keras.regularizers.L1L2(0.01, 0.02),
                    kernel_constraint=keras.constraints.MaxNorm(2.0),
                    bias_constraint="non_neg",
                    activity_regularizer=keras.regularizers.L1(0.1),
                ),
                layers.Dense(3, kernel_initializer="he_normal", use_bias=False),
                layers.Dense(
                    3,
                    keras.activations.gelu,
                    kernel_initializer=keras.initializers.Orthogonal(),
                    kernel_regularizer=keras.regularizers.OrthogonalRegularizer(),
                ),
            ]
        )

    def activations():
        x = inputs = layers.Input((3, 4))
        for layer in (
            layers.LeakyReLU(alpha=0.2),
            layers.PReLU(shared_axes=[1], alpha_initializer="ones"),
            layers.ELU(alpha=0.7),
            layers.ReLU(max_value=3.0, negative_slope=0.1),
            layers.Activation("swish"),
            layers.Activation(keras.activations.selu),
            layers.Activation(tf.nn.tanh),
            layers.Softmax(axis=1),
            layers.ActivityRegularization(0.1, 0.2),
        ):
            x = layer(x)
        return keras.Model(inputs, x)

    def norms():
        x = inputs = layers.Input((4, 4))
        x = layers.LayerNormalization(axis=[2])(x)
        x = layers.LayerNormalization(epsilon=1e-5)(x)
        x = layers.BatchNormalization(momentum=0.5)(x)
        x = layers.BatchNormalization(center=False, scale=False, axis=1)(x)
        x = layers.GroupNormalization(2)(x)
        return keras.Model(inputs, layers.UnitNormalization()(x))

    def frozen():
        model = keras.Sequential(
            [
                layers.Dense(4, input_shape=(3,)),
                layers.BatchNormalization(),
                layers.Dense(2, trainable=False),
            ]
        )
        model.layers[1].trainable = False
        return model

    def noise():
        x = inputs = layers.Input((3, 4))
        x = layers.GaussianNoise(0.5)(x)
        x = layers.GaussianDropout(0.2)(x)
        x = layers.AlphaDropout(0.2)(x)
        x = layers.SpatialDropout1D(0.2)(x)
        x = layers.Dropout(0.5, noise_shape=(None, 1, 4))(x)
        return keras.Model(inputs, layers.Dense(2)(x))

    def normalization():
        scale = layers.Normalization()
        scale.adapt([[1.0, 2.0, 3.0], [3.0, 5.0, 9.0]])
        fixed = layers.Normalization(mean=1.0, variance=4.0)
        x = inputs = layers.Input((3,))
        x = fixed(layers.Rescaling(0.5, offset=1.0)(scale(x)))
        return keras.Model(inputs, layers.Dense(2)(x))

    def mixed():
        policy = keras.mixed_precision.Policy("mixed_bfloat16")
        return keras.Sequential(
            [
                layers.Dense(4, "relu", input_shape=(3,), dtype=policy),
                layers.BatchNormalization(dtype=policy),
                layers.Dense(2, dtype="float32"),
            ]
        )

    def half():
        keras.mixed_precision.set_global_policy("mixed_float16")
        try:
            model = mlp()[0]
        finally:
            keras.mixed_precision.set_global_policy("float32")
        return model, {"optimizer": "sgd", "loss": "mae"}

    schedules = optimizers.schedules
    exponential = schedules.ExponentialDecay(0.05, 2, 0.5, staircase=True)
    steps = schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.05, 0.01])
    cosine = schedules.CosineDecay(0.1, 10, alpha=0.1)
    old = optimizers.legacy
    return {
        "mlp": lambda: mlp(metrics=["mae", "mse"]),
        "mlp_losses": lambda: mlp(
            loss=keras.losses.Huber(delta=0.3),
            metrics=[
                keras.metrics.RootMeanSquaredError(name="off"),
                "cosine_similarity",
            ],
            weighted_metrics=["mape"],
        ),
        "mlp_crossentropy": lambda: mlp(
            optimizers.Adam(0.01, beta_1=0.8, amsgrad=True),
            keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
            metrics=["accuracy", keras.metrics.AUC(num_thresholds=5)],
        ),
        "mlp_exponential": lambda: mlp(optimizers.Adam(exponential)),
        "mlp_steps": lambda: mlp(optimizers.SGD(steps, momentum=0.9, nesterov=True)),
        "mlp_cosine": lambda: mlp(optimizers.RMSprop(cosine, momentum=0.5)),
        "mlp_warmup": lambda: mlp(optimizers.Adam(warmup(keras)(0.1, 5))),
        "mlp_clipped": lambda: mlp(
            optimizers.AdamW(0.01, weight_decay=0.1, global_clipnorm=0.5, use_ema=True)
        ),
        "mlp_nadam": lambda: mlp(optimizers.Nadam(0.01), "mean_squared_error"),
        "mlp_adamax": lambda: mlp(optimizers.Adamax(0.01), "msle"),
        "mlp_ftrl": lambda: mlp(optimizers.Ftrl(0.01), "logcosh"),
        "mlp_adadelta": lambda: mlp(optimizers.Adadelta(0.5), "MAPE"),
        "mlp_adagrad": lambda: mlp(optimizers.Adagrad(0.1), "huber"),
        "mlp_decay": lambda: mlp(old.SGD(0.1, momentum=0.9, decay=0.01)),
        "mlp_old_adam": lambda: mlp(old.Adam(0.01, decay=0.1), "mae"),
        "mlp_old_rmsprop": lambda: mlp(old.RMSprop(0.01, momentum=0.5, centered=True)),
        "settings": settings,
        "activations": activations,
        "norms": norms,
        "frozen": frozen,
        "noise": noise,
        "normalization": normalization,
        "mixed_bfloat16": mixed,
        "mixed_float16": half,
    }


def warmup(keras):
    """Return a user's learning-rate schedule."""

    @keras.utils.register_keras_serializable("corpus")
    class Warmup(keras.optimizers.schedules.LearningRateSchedule):
        def __init__(self, peak, steps):
            self.peak, self.steps = peak, steps

        def __call__(self, step):
            import tensorflow as tf

            return self.peak * tf.minimum(
                1.0, (tf.cast(step, "float32") + 1) / self.steps
            )

        def get_config(self):
            return {"peak": self.peak, "steps": self.steps}

    return Warmup


def images(keras):
    layers = keras.layers

    def stack(shape, *made):
        return keras.Sequential([keras.Input(shape), *made])

    return {
        "cnn": lambda: (
            stack(
                (8, 8, 2),
                layers.Conv2D(3, 3, padding="same", activation="relu"),
                layers.BatchNormalization(),
                layers.MaxPooling2D(),
                layers.Conv2D(4, (3, 2), strides=2, use_bias=False),
                layers.AveragePooling2D(1),
                layers.Flatten(),
                layers.Dense(3, "softmax"),
            ),
            {
                "optimizer": keras.optimizers.SGD(0.01, momentum=0.9),
                "loss": "categorical_crossentropy",
                "metrics": ["acc"],
            },
        ),
        "cnn_1d": lambda: stack(
            (9, 2),
            layers.Conv1D(4, 3, dilation_rate=2, padding="causal"),
            layers.MaxPooling1D(2),
            layers.ZeroPadding1D(1),
            layers.Conv1DTranspose(2, 3, strides=2),
            layers.Cropping1D((1, 2)),
            layers.UpSampling1D(2),
            layers.AveragePooling1D(2),
            layers.GlobalMaxPooling1D(),
        ),
        "cnn_3d": lambda: stack(
            (4, 5, 6, 2),
            layers.ZeroPadding3D(1),
            layers.Conv3D(3, 2),
            layers.MaxPooling3D(2),
            layers.UpSampling3D(2),
            layers.Conv3DTranspose(2, 2),
            layers.Cropping3D(1),
            layers.AveragePooling3D(1),
            layers.GlobalAveragePooling3D(),
        ),
        "separable": lambda: stack(
            (6, 6, 3),
            layers.SeparableConv2D(4, 3, depth_multiplier=2, activation="relu"),
            layers.GlobalAveragePooling2D(),
        ),
        "separable_1d": lambda: stack(
            (6, 3), layers.SeparableConv1D(4, 3), layers.GlobalAveragePooling1D()
        ),
        "depthwise": lambda: stack(
            (6, 6, 3),
            layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same"),
            layers.GlobalMaxPooling2D(keepdims=True),
        ),
        "depthwise_1d": lambda: stack((6, 3), layers.DepthwiseConv1D(3, 2)),
        "transposed": lambda: stack(
            (4, 4, 2),
            layers.Conv2DTranspose(3, 3, strides=2, output_padding=1),
            layers.UpSampling2D(2, interpolation="bilinear"),
            layers.ZeroPadding2D(((1, 0), (0, 1))),
            layers.Cropping2D(((0, 1), (1, 0))),
            layers.SpatialDropout2D(0.2),
        ),
        "resized": lambda: stack(
            (6, 6, 3), layers.Resizing(4, 4), layers.CenterCrop(2, 3), layers.Flatten()
        ),
        "conv_lstm": lambda: stack(
            (3, 5, 5, 2), layers.ConvLSTM2D(2, 2, return_sequences=True)
        ),
    }


def _recurrent(keras, tf):
    layers = keras.layers

    def stack(*made, shape=(5, 3)):
        return keras.Sequential([keras.Input(shape), *made])

    def words(*made):
        embedding = layers.Embedding(WORDS, 4, mask_zero=True, input_length=5)
        return keras.Sequential([embedding, *made])

    def states():
        source, target = layers.Input((5, 3)), layers.Input((4, 2))
        _, h, c = layers.LSTM(3, return_state=True)(source)
        decoded = layers.LSTM(3, return_sequences=True)(target, initial_state=[h, c])
        _, state = layers.GRU(3, return_state=True)(source)
        other = layers.GRU(3)(target, initial_state=state)
        return keras.Model([source, target], [layers.Dense(2)(decoded), other])

    def masked_merge():
        ids = layers.Input((5,), dtype="int32")
        x = layers.Embedding(WORDS, 4, mask_zero=True)(ids)
        forward = layers.LSTM(3, return_sequences=True)(x)
        backward = layers.LSTM(3, return_sequences=True, go_backwards=True)(x)
        both = layers.Concatenate()([forward, backward])
        both = layers.TimeDistributed(layers.Dense(4))(both)
        return keras.Model(ids, layers.GRU(2)(both))

    def cells():
        return [layers.LSTMCell(3), layers.GRUCell(2), layers.SimpleRNNCell(2)]

    return {
        "lstm": lambda: stack(layers.LSTM(4, return_sequences=True), layers.LSTM(3)),
        "lstm_settings": lambda: stack(
            layers.LSTM(
                3,
                recurrent_activation="hard_sigmoid",
                unit_forget_bias=False,
                implementation=1,
                dropout=0.1,
                recurrent_dropout=0.1,
                go_backwards=True,
            )
        ),
        "lstm_stateful": lambda: keras.Sequential(
            [layers.LSTM(3, stateful=True, batch_input_shape=(4, 5, 3))]
        ),
        "gru": lambda: stack(layers.GRU(4, return_sequences=True), layers.GRU(3)),
        "gru_before": lambda: stack(layers.GRU(3, reset_after=False)),
        "simple_rnn": lambda: stack(layers.SimpleRNN(3, "relu", unroll=True)),
        "cells": lambda: stack(layers.RNN(cells(), return_sequences=True)),
        "bidirectional": lambda: stack(
            layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
            layers.Bidirectional(
                layers.GRU(2),
                merge_mode="sum",
                backward_layer=layers.GRU(2, activation="relu", go_backwards=True),
            ),
        ),
        "time_distributed": lambda: stack(
            layers.TimeDistributed(layers.Conv2D(2, 2)),
            layers.TimeDistributed(layers.BatchNormalization()),
            layers.TimeDistributed(layers.Flatten()),
            layers.TimeDistributed(layers.Dense(2)),
            shape=(3, 4, 4, 1),
        ),
        "embedding": lambda: words(layers.LSTM(3), layers.Dense(1, "sigmoid")),
        "embedding_bidirectional": lambda: words(
            layers.SpatialDropout1D(0.1), layers.Bidirectional(layers.LSTM(3))
        ),
        "embedding_average": lambda: words(layers.GlobalAveragePooling1D()),
        "masking": lambda: stack(layers.Masking(0.5), layers.GRU(3)),
        "states": states,
        "masked_merge": masked_merge,
    }


def attention(keras):
    layers = keras.layers

    def dot_products():
        query, value = layers.Input((4, 3)), layers.Input((5, 3))
        one = layers.Attention(use_scale=True)([query, value])
        other = layers.AdditiveAttention()([query, value])
        return keras.Model([query, value], layers.Add()([one, other]))

    def scores():
        query, value = layers.Input((4, 3)), layers.Input((5, 3))
        made = layers.Attention()([query, value], return_attention_scores=True)
        return keras.Model([query, value], list(made))

    def transformer():
        inputs = x = layers.Input((5, 4))
        y = layers.MultiHeadAttention(2, 3, dropout=0.1)(x, x)
        x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, y]))
        y = layers.Dense(4)(layers.Dense(6, "gelu")(x))
        x = layers.LayerNormalization(epsilon=1e-6)(x + layers.Dropout(0.1)(y))
        return keras.Model(inputs, layers.GlobalAveragePooling1D()(x))

    def keyed():
        query, value, key = (layers.Input((n, 4)) for n in (3, 5, 5))
        attend = layers.MultiHeadAttention(2, 3, value_dim=2, output_shape=5)
        x = attend(query, value=value, key=key, use_causal_mask=True)
        return keras.Model([query, value, key], x)

    def masked():
        ids = layers.Input((5,), dtype="int32")
        x = layers.Embedding(WORDS, 4, mask_zero=True)(ids)
        x = layers.MultiHeadAttention(2, 3)(x, x)
        return keras.Model(ids, layers.GlobalAveragePooling1D()(x))

    return {
        "dot_products": dot_products,
        "attention_scores": scores,
        "transformer": transformer,
        "attention_keyed": keyed,
        "attention_masked": masked,
    }


def graphs(keras):
    layers = keras.layers

    def block(name=None):
        inputs = layers.Input((3,))
        x = layers.Dense(3, "relu")(inputs)
        x = layers.BatchNormalization()(x)
        return keras.Model(inputs, layers.Dense(3)(x), name=name)

    def nested_sequential():
        inner = keras.Sequential([layers.Dense(4, input_shape=(3,)), layers.Dense(3)])
        inputs = layers.Input((3,))
        return keras.Model(inputs, layers.Dense(2)(inner(inputs)))

    def nested_functional():
        shared = block("shared")
        one, other = layers.Input((3,)), layers.Input((3,))
        x = layers.Concatenate()([shared(one), shared(other)])
        outputs = [layers.Dense(2, name="made")(x), shared(one)]
        return keras.Model([one, other], outputs)

    def nested_deeply():
        inner = keras.Sequential([block(), layers.Dense(3)])
        return keras.Sequential([keras.Input((3,)), inner, block(), layers.Dense(1)])

    def nested_frozen():
        inner = block()
        inner.layers[2].trainable = False
        return keras.Sequential([keras.Input((3,)), inner, layers.Dense(1)])

    def siamese():
        one, other = layers.Input((3,)), layers.Input((3,))
        shared = layers.Dense(4, name="shared")
        x = layers.Subtract()([shared(one), shared(other)])
        return keras.Model([one, other], layers.Dense(1)(x))

    def ends():
        number = layers.Input((3,), name="number")
        word = layers.Input((1,), dtype="int32", name="word")
        x = layers.Flatten()(layers.Embedding(WORDS, 2)(word))
        x = layers.concatenate([number, x])
        rate = layers.Dense(1, name="rate")(x)
        kind = layers.Dense(3, activation="softmax", name="kind")(x)
        compiled = {
            "optimizer": "adam",
            "loss": {"rate": "mse", "kind": "categorical_crossentropy"},
            "loss_weights": {"rate": 1.0, "kind": 0.5},
            "metrics": {"kind": ["accuracy"], "rate": "mae"},
        }
        return keras.Model([number, word], [rate, kind]), compiled

    def dictionaries():
        inputs = {"a": layers.Input((3,), name="a"), "b": layers.Input((3,), name="b")}
        total = layers.Add()([inputs["a"], inputs["b"]])
        outputs = {
            "sum": layers.Dense(2, name="sum")(total),
            "twice": layers.Dense(1, name="twice")(total),
        }
        return keras.Model(inputs, outputs)

    def merges():
        one, other = layers.Input((4, 3)), layers.Input((4, 3))
        kinds = (
            layers.Add,
            layers.Subtract,
            layers.Multiply,
            layers.Average,
            layers.Maximum,
            layers.Minimum,
        )
        made = [kind()([one, other]) for kind in kinds]
        made.append(layers.Dot(axes=2, normalize=True)([one, other]))
        made.append(layers.Dot(axes=(1, 1))([one, other]))
        return keras.Model([one, other], layers.Concatenate(axis=-1)(made[:7]))

    def shapes():
        inputs = layers.Input((6,))
        x = layers.Reshape((2, 3))(inputs)
        x = layers.Permute((2, 1))(x)
        x = layers.Flatten()(x)
        x = layers.RepeatVector(3)(x)
        return keras.Model(
            inputs, layers.EinsumDense("abc,cd->abd", (None, 2), bias_axes="d")(x)
        )

    return {
        "nested_sequential": nested_sequential,
        "nested_functional": nested_functional,
        "nested_deeply": nested_deeply,
        "nested_frozen": nested_frozen,
        "siamese": siamese,
        "ends": ends,
        "dictionaries": dictionaries,
        "merges": merges,
        "shapes": shapes,
    }


def _tensor_ops(keras, tf):
    layers = keras.layers

    def arithmetic():
        x = inputs = layers.Input((3,))
        x = layers.Dense(3)(x * 2.0 + 1.0)
        x = 1.0 - x / 4.0
        x = -(3.0 * x - 0.5)
        x = 2.0 / (tf.abs(x) + 1.0)
        x = (x**2) * [1.0, 2.0, 3.0]
        return keras.Model(inputs, layers.Dense(2)(x))

    def two_tensors():
        one, other = layers.Input((3,)), layers.Input((3,))
        x = one + other
        x = tf.concat([x * one, x - other], axis=-1)
        y = tf.stack([one, other], 1)
        z = tf.matmul(y, y, transpose_b=True)
        return keras.Model(
            [one, other], [layers.Dense(2)(x), z, one / (other * other + 1)]
        )

    def functions():
        x = inputs = layers.Input((4, 6))
        x = tf.nn.relu(x) + tf.sigmoid(x) + tf.math.tanh(x)
        x = tf.math.sqrt(tf.square(x) + 1.0)
        x = tf.exp(-x) + tf.math.log(x)
        x = tf.maximum(x, 0.1) + tf.minimum(x, 0.5) + tf.clip_by_value(x, -1.0, 1.0)
        x = tf.nn.softmax(x, axis=-1) + tf.nn.gelu(x)
        mean = tf.reduce_mean(x, axis=1, keepdims=True)
        x = (x - mean) * tf.math.rsqrt(tf.reduce_sum(x * x, axis=[1, 2], keepdims=True))
        x = tf.reduce_max(x, axis=-1) - tf.reduce_min(x, -1)
        x = tf.math.l2_normalize(x, axis=-1)
        return keras.Model(inputs, layers.Dense(2)(x))

    def shapes():
        x = inputs = layers.Input((4, 6))
        x = tf.reshape(x, [-1, 2, 2, 6])
        x = tf.transpose(x, [0, 2, 1, 3])
        x = tf.squeeze(tf.expand_dims(x, 1), axis=[1])
        x = tf.pad(x, [[0, 0], [1, 1], [0, 0], [0, 0]])
        x = tf.tile(x, [1, 1, 2, 1])
        one, other = tf.split(x, 2, axis=-1)
        x = tf.cast(one > other, "float32") * one
        x = tf.where(x > 0.5, x, other)
        return keras.Model(inputs, tf.reduce_mean(x, axis=(1, 2)))

    def slices():
        inputs = layers.Input((4, 6))
        first, last = inputs[:, 0], inputs[:, -1, :]
        part = inputs[:, 1:3, ::2]
        more = inputs[:, tf.newaxis]
        return keras.Model(inputs, [layers.Dense(2)(first), last, part, more])

    def lookups():
        ids = layers.Input((3,), dtype="int32")
        x = tf.one_hot(ids, WORDS)
        return keras.Model(ids, layers.Dense(2)(x))

    return {
        "ops_arithmetic": arithmetic,
        "ops_two_tensors": two_tensors,
        "ops_functions": functions,
        "ops_shapes": shapes,
        "ops_slices": slices,
        "ops_lookups": lookups,
    }
