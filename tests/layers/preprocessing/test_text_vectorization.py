"""TextVectorization: numbers that Keras 3.15.1 gives, callables, files, messages.

All numbers here were found by running Keras on TensorFlow on these very inputs.
"""

import numpy as np
import pytest

import kerasish
from kerasish import layers, models, ops
from kerasish.errors import DTypeError, ShapeError

TEXTS = ["The Cat, sat! on the mat.", "the dog; THE end", "Été à Paris"]
ASKED = ["the cat sat on", "dog THE"]
BAGS = ["the the cat", "dog zebra"]
USUAL = ["", "[UNK]", *"the à Été sat paris on mat end dog cat".split()]


def values(tensor):
    return ops.convert_to_numpy(tensor)


def adapted(**arguments):
    layer = layers.TextVectorization(**arguments)
    layer.adapt(TEXTS)
    return layer


def test_the_usual_settings():
    layer = adapted()
    assert layer.get_vocabulary() == USUAL
    assert layer.get_vocabulary(include_special_tokens=False) == USUAL[2:]
    assert layer.vocabulary_size() == 12
    assert values(layer([*TEXTS, "a cat"])).tolist() == [
        [2, 11, 5, 7, 2, 8],
        [2, 10, 2, 9, 0, 0],
        [4, 3, 6, 0, 0, 0],
        [1, 11, 0, 0, 0, 0],
    ]


@pytest.mark.parametrize(
    ("arguments", "front", "expected"),
    [
        ({"output_sequence_length": 3}, "the à", [[2, 11, 5], [10, 2, 0]]),
        (
            {"output_sequence_length": 6},
            "the à",
            [[2, 11, 5, 7, 0, 0], [10, 2, 0, 0, 0, 0]],
        ),
        (
            {"standardize": "lower"},
            "the à Été sat!",
            [[2, 1, 1, 7], [1, 2, 0, 0]],
        ),
        (
            {"standardize": "strip_punctuation"},
            "the à Été sat on mat end dog The THE Paris Cat",
            [[2, 1, 5, 6], [9, 11, 0, 0]],
        ),
        (
            {"standardize": None},
            "the à Été sat! on mat. end dog; The THE Paris Cat,",
            [[2, 1, 1, 6], [1, 11, 0, 0]],
        ),
        ({"max_tokens": 5}, "the à Été", [[2, 1, 1, 1], [1, 2, 0, 0]]),
    ],
)
def test_settings(arguments, front, expected):
    layer = adapted(**arguments)
    words = front.split()
    assert layer.get_vocabulary()[2 : 2 + len(words)] == words
    assert values(layer(ASKED)).tolist() == expected


def test_characters():
    layer = adapted(split="character", output_sequence_length=6)
    assert layer.get_vocabulary()[2:8] == [" ", "t", "e", "h", "a", "s"]
    assert values(layer(ASKED)).tolist() == [[3, 5, 4, 2, 19, 6], [10, 8, 18, 2, 3, 5]]


def test_whole_texts():
    layer = adapted(split=None)
    assert layer.get_vocabulary()[2:] == [
        "Été à paris",
        "the dog the end",
        "the cat sat on the mat",
    ]
    assert values(layer(["the dog; the END", "x"])).tolist() == [3, 1]


@pytest.mark.parametrize(
    ("ngrams", "more", "vocabulary", "expected"),
    [
        (
            2,
            {"max_tokens": 7},
            ["the", "à paris", "à", "Été à", "Été"],
            [[2, 1, 1, 1, 1, 1, 1], [1, 2, 1, 0, 0, 0, 0]],
        ),
        (
            (2,),
            {},
            ["à paris", "Été à", "the mat", "the end", "the dog", "the cat"],
            [[7, 11, 8], [10, 0, 0]],
        ),
    ],
)
def test_ngrams(ngrams, more, vocabulary, expected):
    layer = adapted(ngrams=ngrams, **more)
    assert layer.get_vocabulary()[2 : 2 + len(vocabulary)] == vocabulary
    assert values(layer(ASKED)).tolist() == expected


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("multi_hot", [[1, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]]),
        ("count", [[1, 2, 0, 0, 0, 0], [2, 0, 0, 0, 0, 0]]),
        (
            "tf_idf",
            [
                [0.8716620206832886, 1.3862943649, 0, 0, 0, 0],
                [1.7433240413, 0, 0, 0, 0, 0],
            ],
        ),
    ],
)
def test_bags_of_words(mode, expected):
    layer = adapted(output_mode=mode, max_tokens=6)
    found = values(layer(BAGS))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert layer.compute_output_shape((None,)) == (None, 6)


def test_bags_may_be_padded_to_all_columns():
    layer = adapted(output_mode="tf_idf", max_tokens=14, pad_to_max_tokens=True)
    found = values(layer(BAGS))
    assert found.shape == (2, 14)
    assert np.flatnonzero(found[0]).tolist() == [1, 10]
    np.testing.assert_allclose(found[0, [1, 10]], [1.3862943649, 0.91629076], 1e-6)
    np.testing.assert_allclose(found[1, [0, 9]], [0.89397639, 0.91629076], 1e-6)


def test_texts_come_alone_in_a_row_or_in_a_column():
    layer = adapted()
    assert values(layer("the cat")).tolist() == [2, 11]
    assert values(layer(np.array([["the cat"], ["dog"]]))).tolist() == [
        [2, 11],
        [10, 0],
    ]
    assert values(layer([b"the cat"])).tolist() == [[2, 11]]
    with pytest.raises(ShapeError, match=r"one text for each sample(.|\n)*\(1, 2\)"):
        layer([["the", "cat"]])


def test_functions_of_ones_own():
    layer = layers.TextVectorization(
        standardize=lambda texts: [text.upper() for text in texts],
        split=lambda texts: [text.split(",") for text in texts],
    )
    layer.adapt(["a,b c", "B c"])
    assert layer.get_vocabulary() == ["", "[UNK]", "B C", "A"]
    assert values(layer(["a,b"])).tolist() == [[3, 1]]


def test_batches_from_a_generator():
    layer = layers.TextVectorization()
    layer.adapt(np.array([text]) for text in TEXTS)
    assert layer.get_vocabulary() == USUAL
    layer.adapt([np.array(TEXTS[:1]), np.array(TEXTS[1:])], steps=1)
    assert layer.get_vocabulary()[2:4] == ["the", "sat"]


def test_a_vocabulary_from_a_list_or_a_file(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("dog\ncat", encoding="utf-8")
    for vocabulary in (["dog", "cat"], str(path)):
        layer = layers.TextVectorization(vocabulary=vocabulary)
        assert layer.get_vocabulary() == ["", "[UNK]", "dog", "cat"]
        assert values(layer(["cat bird dog"])).tolist() == [[3, 1, 2]]
    layer.set_vocabulary(["bird"])
    assert values(layer(["cat bird"])).tolist() == [[1, 2]]


# files --------------------------------------------------------------------------------


@kerasish.saving.register_keras_serializable("test_text")
def at_commas(texts):
    return [text.split(",") for text in texts]


def test_configs_come_back_with_functions_that_have_names():
    layer = layers.TextVectorization(
        standardize="lower", split=at_commas, vocabulary=["a b", "c"]
    )
    again = layers.deserialize(layers.serialize(layer))
    assert values(again(["c,A b"])).tolist() == [[3, 2]]
    assert again.get_config() == layer.get_config()


@kerasish.saving.register_keras_serializable("test_text")
class Reader(models.Model):
    """A model that keeps the layer its data goes through."""

    def __init__(self, words, **kwargs):
        super().__init__(**kwargs)
        self.words = words
        self.dense = layers.Dense(1)

    def call(self, inputs):
        return self.dense(inputs)

    def get_config(self):
        return {"words": layers.serialize(self.words)}

    @classmethod
    def from_config(cls, config):
        return cls(layers.deserialize(config["words"]))


@pytest.mark.parametrize("mode", ["int", "tf_idf"])
def test_a_model_keeps_what_its_layer_learnt(tmp_path, mode):
    learnt = adapted(output_mode=mode, max_tokens=6, name="words")
    model = Reader(learnt)
    model(np.ones((1, 2)))
    model.save(tmp_path / "m.keras")
    again = models.load_model(tmp_path / "m.keras").words
    assert again.get_vocabulary() == learnt.get_vocabulary()
    np.testing.assert_array_equal(values(again(BAGS)), values(learnt(BAGS)))


# use and messages ---------------------------------------------------------------------


def test_it_feeds_a_model():
    vectorize = adapted(output_sequence_length=4)
    model = models.Sequential(
        [
            layers.Input((4,), dtype="int32"),
            layers.Embedding(vectorize.vocabulary_size(), 3, mask_zero=True),
            layers.LSTM(4),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(kerasish.optimizers.Adam(0.1), "binary_crossentropy")
    y = np.array([1.0, 1.0, 0.0])
    losses = model.fit(vectorize(TEXTS), y, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"standardize": "upper"}, "standardize of TextVectorization"),
        ({"split": "whitespaces"}, "did you mean 'whitespace'"),
        ({"output_mode": "one_hot"}, "output_mode of TextVectorization"),
        ({"ngrams": 0}, "cannot make these n-grams"),
        ({"ngrams": (1, "2")}, "cannot make these n-grams"),
        ({"output_sequence_length": 0}, "output_sequence_length"),
        (
            {"output_sequence_length": 3, "output_mode": "count"},
            "output_sequence_length",
        ),
        ({"ragged": True}, r"cannot make ragged tensors(.|\n)*end in zeros"),
        ({"sparse": True}, "cannot make sparse tensors"),
        ({"vocabulary": ["a", "a"]}, "holds tokens twice"),
        ({"max_length": 3}, "max_length"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        layers.TextVectorization(**arguments)


def test_a_given_vocabulary_is_not_learnt():
    with pytest.raises(ValueError, match="was given its vocabulary"):
        layers.TextVectorization(vocabulary=["a"]).adapt(["b"])


def test_numbers_are_no_text():
    with pytest.raises(DTypeError, match="works on text"):
        adapted()(np.array([1, 2]))


def test_symbolic_tensors_are_refused_when_a_step_is_compiled():
    layer = adapted(name="mine")
    step = kerasish.value_and_grad(
        lambda x: ops.sum(ops.cast(layer(x), "float32")) * ops.sum(x)
    )
    with pytest.raises(DTypeError, match=r"'mine' works on the host only(.|\n)*fit"):
        step(np.ones((2,), "float32"))
