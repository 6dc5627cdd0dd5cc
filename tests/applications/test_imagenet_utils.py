"""Images are scaled by formula; predictions are named, or said to be none."""

import json

import numpy as np
import pytest

import kerasish
from kerasish.applications import imagenet_utils
from kerasish.errors import FileFormatError, ShapeError

RED = np.array([[[255.0, 127.5, 0.0]]])


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("tf", [1, 0, -1]),
        ("caffe", [-103.939, 127.5 - 116.779, 255 - 123.68]),
        ("torch", [(1 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, -0.406 / 0.225]),
    ],
)
def test_modes(mode, expected):
    scaled = imagenet_utils.preprocess_input(RED, mode=mode)
    np.testing.assert_allclose(scaled[0, 0], expected, rtol=1e-6, atol=1e-6)
    first = imagenet_utils.preprocess_input(
        np.moveaxis(RED, -1, 0), "channels_first", mode
    )
    np.testing.assert_allclose(first[:, 0, 0], expected, rtol=1e-6, atol=1e-6)
    assert RED[0, 0, 0] == 255  # arrays of the caller's stay as they are


def test_symbolic_images():
    x = kerasish.Input((4, 4, 3))
    model = kerasish.Model(x, imagenet_utils.preprocess_input(x, mode="tf"))
    np.testing.assert_allclose(model.predict(np.zeros((1, 4, 4, 3)), verbose=0), -1)


def test_unknown_mode():
    with pytest.raises(ValueError, match="Unknown `mode` 'tof'"):
        imagenet_utils.preprocess_input(RED, mode="tof")


@pytest.fixture
def names(monkeypatch, tmp_path):
    """Let a file of the test's own be the file of names."""
    file = tmp_path / "index.json"
    index = {str(i): [f"n{i:08d}", f"thing_{i}"] for i in range(1000)}
    file.write_text(json.dumps(index), encoding="utf-8")
    monkeypatch.setattr(imagenet_utils, "get_file", lambda *given, **_: str(file))
    return file


def test_decode_predictions(names):
    probabilities = np.zeros((2, 1000), "float32")
    probabilities[0, [3, 7]] = 0.25, 0.75
    probabilities[1, 999] = 1
    first, second = imagenet_utils.decode_predictions(probabilities, top=2)
    assert first == [("n00000007", "thing_7", 0.75), ("n00000003", "thing_3", 0.25)]
    assert second[0] == ("n00000999", "thing_999", 1.0)


def test_decode_predictions_of_another_shape():
    with pytest.raises(ShapeError, match=r"array of shape \(1, 10\)"):
        imagenet_utils.decode_predictions(np.zeros((1, 10)))


def test_decode_predictions_with_a_damaged_file(names):
    names.write_text("[]", encoding="utf-8")
    with pytest.raises(FileFormatError, match="delete the file"):
        imagenet_utils.decode_predictions(np.zeros((1, 1000)))
