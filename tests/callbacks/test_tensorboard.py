"""What TensorBoard is given, by the names that Keras uses."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

import kerasish
from kerasish.callbacks import TensorBoard
from tests.utils.event_records import read_events

X = np.linspace(0, 1, 40, dtype="float32").reshape(20, 2)
Y = X.sum(axis=1, keepdims=True)


def small_model():
    model = kerasish.Sequential(
        [
            kerasish.Input((2,)),
            kerasish.layers.Dense(3, name="first"),
            kerasish.layers.Dense(1, name="last"),
        ]
    )
    model.compile("adam", "mse", metrics=["mae"])
    return model


def trained(log_dir, epochs=2, **options):
    """Train for some epochs of 4 batches; return what train and validation wrote."""
    model = small_model()
    model.fit(
        *(X, Y, 5, epochs),
        verbose=0,
        validation_data=(X, Y),
        callbacks=[TensorBoard(log_dir, **options)],
    )
    return model, *(events(log_dir, run) for run in ("train", "validation"))


def events(log_dir, run):
    (path,) = (log_dir / run).iterdir()
    return read_events(path)


def names(values):
    return [(value.step, value.tag) for value in values]


def test_epochs(tmp_path):
    model, train, validation = trained(tmp_path)
    graph, *scalars = train
    assert graph[:3] == (0, "keras", "graph_keras_model")
    assert json.loads(graph.tensor[0])["class_name"] == "Sequential"
    assert names(scalars) == [
        (epoch, f"epoch_{name}")
        for epoch in range(2)
        for name in ("loss", "mae", "learning_rate")
    ]
    assert names(validation) == [
        (step, tag)
        for epoch in range(2)
        for step, tag in (
            (4 * epoch + 4, "evaluation_loss_vs_iterations"),
            (4 * epoch + 4, "evaluation_mae_vs_iterations"),
            (epoch, "epoch_loss"),
            (epoch, "epoch_mae"),
        )
    ]
    history = model.history.history
    found = {(v.step, v.tag): float(v.tensor) for v in (*scalars, *validation[:0])}
    assert found[1, "epoch_loss"] == pytest.approx(history["loss"][1], rel=1e-6)
    assert found[1, "epoch_learning_rate"] == pytest.approx(0.001)
    assert float(validation[-1].tensor) == pytest.approx(
        history["val_mae"][1], rel=1e-6
    )


@pytest.mark.parametrize(
    ("update_freq", "steps"),
    [("batch", [1, 2, 3, 4, 5, 6, 7, 8]), (3, [3, 6]), (9, [])],
)
def test_batches(tmp_path, update_freq, steps):
    _, train, _ = trained(tmp_path, update_freq=update_freq, write_graph=False)
    assert [v.step for v in train if v.tag == "batch_loss"] == steps
    assert [v.step for v in train if v.tag == "batch_mae"] == steps
    assert [v.step for v in train if v.tag == "epoch_loss"] == [0, 1]


def test_speed(tmp_path):
    _, train, _ = trained(
        tmp_path, update_freq="batch", write_steps_per_second=True, write_graph=False
    )
    speeds = [v for v in train if v.tag.endswith("steps_per_second")]
    assert [v.step for v in speeds if v.tag[0] == "b"] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [v.step for v in speeds if v.tag[0] == "e"] == [0, 1]
    assert all(v.tensor > 0 for v in speeds)


def test_histograms_and_images(tmp_path):
    model, train, _ = trained(
        tmp_path, 3, histogram_freq=2, write_images=True, write_graph=False
    )
    paths = [weight.path for weight in model.weights]
    expected = [f"{path}/{kind}" for path in paths for kind in ("histogram", "image")]
    # a single number, the last bias, makes no image
    assert [v.tag for v in train if v.step == 2 and "/" in v.tag] == expected[:-1]
    assert {v.step for v in train if "/" in v.tag} == {0, 2}
    last = {v.tag: v.tensor for v in train if v.step == 2}
    assert last[f"{paths[0]}/histogram"][:, 2].sum() == 6
    assert last[f"{paths[0]}/image"][:2] == [b"3", b"2"]


def test_evaluation_alone(tmp_path):
    model = small_model()
    model.fit(X, Y, batch_size=5, verbose=0)
    board = TensorBoard(tmp_path, write_graph=False)
    values = model.evaluate(X, Y, verbose=0, callbacks=[board], return_dict=True)
    loss, mae = events(tmp_path, "validation")
    assert loss[:2] == (4, "evaluation_loss_vs_iterations")
    assert float(loss.tensor) == pytest.approx(values["loss"], rel=1e-6)
    assert float(mae.tensor) == pytest.approx(values["mae"], rel=1e-6)


def embedding_model():
    class Embedding:
        def __init__(self, name, table):
            self.name = name
            self.weights = []
            self.embeddings = SimpleNamespace(numpy=lambda: np.array(table))

    return SimpleNamespace(
        layers=[
            Embedding("words", [[1.0, 2.5], [3.0, -1.0]]),
            SimpleNamespace(name="d"),
        ]
    )


def run_epoch(board, model, epoch=0):
    board.set_model(model)
    board.on_epoch_end(epoch, {})
    board.on_train_end()


@pytest.mark.parametrize("metadata", ["words.tsv", {"words": "words.tsv"}])
def test_embeddings(tmp_path, metadata):
    board = TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata=metadata)
    run_epoch(board, embedding_model(), epoch=4)
    assert (tmp_path / "words-4.tsv").read_text() == "1\t2.5\n3\t-1\n"
    assert (tmp_path / "projector_config.pbtxt").read_text().splitlines() == [
        "embeddings {",
        '  tensor_name: "words"',
        '  tensor_path: "words-4.tsv"',
        '  metadata_path: "words.tsv"',
        "}",
    ]


def test_metadata_of_an_unknown_layer(tmp_path):
    board = TensorBoard(
        tmp_path, embeddings_freq=1, embeddings_metadata={"word": "a.tsv"}
    )
    with pytest.raises(ValueError, match="did you mean 'words'"):
        run_epoch(board, embedding_model())


@pytest.mark.parametrize("update_freq", ["step", 0, -1, 1.5])
def test_wrong_update_freq(update_freq):
    with pytest.raises(ValueError, match="cannot understand `update_freq`") as error:
        TensorBoard(update_freq=update_freq)
    assert f"got:      {update_freq!r}" in str(error.value)


def test_profiling_is_left_out():
    with pytest.warns(UserWarning, match="nothing is profiled"):
        TensorBoard(profile_batch=(1, 2))
