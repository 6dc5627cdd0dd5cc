"""Text from folders: one folder for each class, one file for each text.

The reviews are made here, in a temporary folder, from a small grammar. "not bad" is
praise, "not good" is blame: pairs of words tell what single words do not.
`text_dataset_from_directory` reads the files, `TextVectorization` learns the words and
turns texts into numbers, and a convolution looks at two neighbouring words at a time.
Without it, on a bag of words, the network does no better than guessing.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

import kerasish as keras
from kerasish import layers

GOOD = "good great charming moving clever funny".split()
BAD = "bad dull tedious clumsy empty silly".split()
THINGS = "plot acting music ending dialogue camera".split()
FILLERS = ["I saw it on Monday.", "My friend came too.", "It runs for two hours."]


def write_review(rng, positive):
    """Return a review of four remarks that are all praise, or all blame."""
    remarks = [str(rng.choice(FILLERS))]
    for thing in rng.choice(THINGS, size=4, replace=False):
        negated = rng.uniform() < 0.5
        word = rng.choice(GOOD if positive != negated else BAD)
        remarks.append(f"The {thing} was {'not' if negated else 'very'} {word}.")
    return " ".join(rng.permutation(remarks))


def write_folders(folder, rng, count):
    """Write `count` reviews to each of the folders "negative" and "positive"."""
    for name in ("negative", "positive"):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            review = write_review(rng, positive=name == "positive")
            (folder / name / f"{i:04}.txt").write_text(review)


def vectorized(dataset, vectorize):
    """Return a data set's texts as numbers, and its labels, as arrays."""
    batches = [(vectorize(texts), labels) for texts, labels in dataset]
    x, y = zip(*batches, strict=True)
    return np.concatenate(x), np.concatenate(y)


def build_model(words, look_at_neighbours):
    """Return a compiled classifier of texts as numbers."""
    neighbours = layers.Conv1D(32, kernel_size=2, activation="relu")
    model = keras.Sequential(
        [
            layers.Embedding(words, 16),
            *([neighbours] if look_at_neighbours else []),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.01),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    return model


def main(seed=0, epochs=10, count=400):
    """Return the accuracies on test reviews, with neighbours and without."""
    keras.utils.set_random_seed(seed)
    with tempfile.TemporaryDirectory() as name:
        write_folders(Path(name), np.random.default_rng(seed), count)
        train, test = keras.utils.text_dataset_from_directory(
            name, validation_split=0.25, subset="both", seed=seed, verbose=False
        )
        vectorize = layers.TextVectorization(output_sequence_length=32)
        vectorize.adapt(train.map(lambda texts, labels: texts))
        train, test = vectorized(train, vectorize), vectorized(test, vectorize)

    found = {}
    for kind, neighbours in [("neighbours", True), ("bag of words", False)]:
        model = build_model(vectorize.vocabulary_size(), neighbours)
        model.fit(*train, epochs=epochs, verbose=2)
        found[kind] = model.evaluate(*test, verbose=0)[1]
        print(f"accuracy, {kind}: {found[kind]:.3f}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=10)
    main(**vars(parser.parse_args()))
