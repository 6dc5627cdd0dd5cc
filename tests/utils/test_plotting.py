"""Pictures of models, by pydot; drawing them needs Graphviz too."""

import shutil
import sys

import numpy as np
import pytest

from kerasish import Input, Model, Sequential, layers, utils
from kerasish.utils.plotting import get_source_inputs


def nested():
    x = Input((3,), name="x")
    inner_in = Input((4,), name="inner_in")
    inner = Model(inner_in, layers.Dense(2, name="deep")(inner_in), name="inner")
    h = layers.Dense(4, name="h", activation="relu", trainable=False)(x)
    return Model(x, [inner(h), h + 1.0], name="outer")


@pytest.fixture
def pydot():
    return pytest.importorskip("pydot", reason="pydot is not installed")


def labels(dot):
    return [node.get_label() for node in dot.get_nodes() if node.get_label()]


def test_nodes_and_edges_are_those_of_the_graph(pydot):
    dot = utils.model_to_dot(nested())
    assert isinstance(dot, pydot.Dot)
    assert len(labels(dot)) == 4
    assert len(dot.get_edges()) == 3
    assert any("h (Dense)" in label for label in labels(dot))
    assert any("(Add)" in label for label in labels(dot))


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("show_shapes", "output: (None, 4)"),
        ("show_dtype", "dtype: float32"),
        ("show_layer_activations", "activation: relu"),
        ("show_trainable", "not trainable"),
    ],
)
def test_labels_say_what_is_asked_for(pydot, option, text):
    shown = labels(utils.model_to_dot(nested(), **{option: True}))
    assert any(text in label for label in shown)
    assert not any(text in label for label in labels(utils.model_to_dot(nested())))


def test_layer_names_may_be_left_out(pydot):
    shown = labels(utils.model_to_dot(nested(), show_layer_names=False))
    assert not any("h (Dense)" in label for label in shown)
    assert any("Dense" in label for label in shown)


def test_nested_models_are_drawn_inside(pydot):
    dot = utils.model_to_dot(nested(), expand_nested=True, rankdir="LR")
    assert dot.get("rankdir") == "LR"
    (cluster,) = dot.get_subgraphs()
    assert any("deep" in label for label in labels(cluster))


def test_models_of_all_kinds(pydot):
    class Net(Model):
        def __init__(self):
            super().__init__()
            self.one, self.two = layers.Dense(2), layers.Dense(1)

        def call(self, inputs):
            return self.two(self.one(inputs))

    net = Net()
    net(np.ones((1, 3), "float32"))
    line = Sequential([Input((3,)), layers.Dense(2), layers.Dense(1)])
    for model, count in ((net, 2), (line, 2)):
        dot = utils.model_to_dot(model)
        assert len(labels(dot)) >= count
        assert len(dot.get_edges()) >= count - 1


def test_an_unbuilt_model_has_no_graph():
    with pytest.raises(ValueError, match="not built"):
        utils.model_to_dot(Sequential([layers.Dense(2)]))
    with pytest.raises(TypeError, match="Unknown arguments"):
        utils.model_to_dot(nested(), show_colors=True)


def test_without_pydot_there_is_advice(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydot", None)
    with pytest.raises(ImportError, match="pip install pydot"):
        utils.model_to_dot(nested())


def test_a_picture_is_written(pydot, tmp_path):
    if shutil.which("dot") is None:
        pytest.skip("Graphviz is not installed")
    utils.plot_model(nested(), tmp_path / "m.png", show_shapes=True)
    assert (tmp_path / "m.png").read_bytes().startswith(b"\x89PNG")


def test_without_graphviz_there_is_advice(pydot, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImportError, match="Graphviz is not installed"):
        utils.plot_model(nested(), tmp_path / "m.png")


def test_the_inputs_a_tensor_depends_on():
    x, y, z = Input((2,)), Input((2,)), Input((2,))
    found = get_source_inputs(layers.Add()([x * 2, y]))
    assert {id(t) for t in found} == {id(x), id(y)}
    assert get_source_inputs(z) == [z]
