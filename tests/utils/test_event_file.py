"""TensorBoard's event files, read back by a reader of their own."""

import io
from pathlib import Path

import numpy as np
import pytest

from kerasish.utils.event_file import (
    EventFile,
    buckets,
    masked_crc32c,
    png,
    weight_images,
)
from tests.utils.event_records import crc32c, read_events, unmasked


# the check value of CRC-32C, and examples of RFC 3720, B.4
@pytest.mark.parametrize(
    ("data", "crc"),
    [
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (b"", 0),
    ],
)
def test_checksum(data, crc):
    assert crc32c(data) == crc
    assert unmasked(masked_crc32c(data)) == crc


def written(folder, write):
    with EventFile(folder) as file:
        write(file)
    return read_events(Path(file.path))


def test_scalars(tmp_path):
    def write(file):
        file.scalar("loss", 0.1, step=0)
        file.scalar("größe", -1e30, step=2**40)

    first, second = written(tmp_path / "run" / "train", write)
    assert first[:3] == (0, "loss", "scalars")
    assert second[:3] == (2**40, "größe", "scalars")
    assert (first.tensor, second.tensor) == (np.float32(0.1), np.float32(-1e30))
    assert first.tensor.shape == ()


def test_histograms(tmp_path, rng):
    values = rng.normal(size=(20, 30))
    (found,) = written(tmp_path, lambda file: file.histogram("w", values, step=3))
    assert found[:3] == (3, "w", "histograms")
    np.testing.assert_array_equal(found.tensor, buckets(values))


def test_images_and_models(tmp_path):
    images = np.zeros((2, 3, 5, 1), "uint8")

    def write(file):
        file.images("w", images, step=1)
        file.model("keras", '{"a": 1}', step=0)

    shown, model = written(tmp_path, write)
    assert shown[:3] == (1, "w", "images")
    assert shown.tensor == [b"5", b"3", png(images[0]), png(images[1])]
    assert model == (0, "keras", "graph_keras_model", [b'{"a": 1}'])


def test_files_have_different_names(tmp_path):
    with EventFile(tmp_path) as first, EventFile(tmp_path) as second:
        assert first.path != second.path
    assert all("tfevents" in path.name for path in tmp_path.iterdir())


def test_what_was_flushed_can_be_read(tmp_path):
    with EventFile(tmp_path) as file:
        file.scalar("a", 1.0, step=0)
        assert not Path(file.path).exists()
        file.flush()
        assert len(read_events(Path(file.path))) == 1
        file.scalar("a", 1.0, step=1)
    assert len(read_events(Path(file.path))) == 2


class TestBuckets:
    def test_counts_and_edges(self, rng):
        values = rng.normal(size=1000).astype("float32")
        rows = buckets(values)
        assert rows.shape == (30, 3)
        assert rows[:, 2].sum() == 1000
        assert (rows[0, 0], rows[-1, 1]) == (values.min(), values.max())
        np.testing.assert_array_equal(rows[1:, 0], rows[:-1, 1])
        inside = (values >= rows[7, 0]) & (values < rows[7, 1])
        assert rows[7, 2] == inside.sum()

    @pytest.mark.parametrize("values", [[2.0, 2.0], [1.0, 1.0 + 2.0**-52]])
    def test_equal_numbers(self, values):
        rows = buckets(np.array(values))
        assert rows[-1, 2] == 2
        assert rows[:-1, 2].sum() == 0
        assert rows[0, 0] == values[0]

    def test_no_finite_numbers(self):
        assert not buckets(np.array([np.nan, np.inf])).any()
        assert buckets(np.array([np.nan, 1.0]))[-1, 2] == 1


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png(rng, channels):
    image_module = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    image = rng.integers(0, 256, (5, 7, channels), dtype="uint8")
    with image_module.open(io.BytesIO(png(image))) as opened:
        np.testing.assert_array_equal(np.asarray(opened).reshape(5, 7, -1), image)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((3,), (1, 3, 1, 1)),
        ((2, 3), (1, 2, 3, 1)),
        ((5, 3), (1, 3, 5, 1)),
        ((4, 5, 6), (6, 4, 5, 1)),
        ((2, 5, 6, 3), (2, 5, 6, 3)),
        ((2, 5, 6, 8), None),
        ((), None),
    ],
)
def test_weights_as_images(shape, expected):
    images = weight_images(np.full(shape, 0.5))
    if expected is None:
        assert images is None
    else:
        assert (images.shape, images.dtype, images.max()) == (expected, np.uint8, 127)


def test_shades_are_cut():
    values = np.array([-1.0, np.nan, 2.0])
    assert weight_images(values).ravel().tolist() == [0, 0, 255]


def test_tensorboard_reads_it(tmp_path):
    reason = "TensorBoard is not installed"
    loader = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason=reason
    )
    with EventFile(tmp_path) as file:
        file.scalar("loss", 0.5, step=7)
        file.histogram("w", np.arange(4.0), step=7)
        file.images("i", np.zeros((1, 2, 2, 1), "uint8"), step=7)
    events = loader.EventAccumulator(str(tmp_path), {"tensors": 0})
    events.Reload()
    assert sorted(events.Tags()["tensors"]) == ["i", "loss", "w"]
    (loss,) = events.Tensors("loss")
    assert loss.step == 7
    assert np.frombuffer(loss.tensor_proto.tensor_content, "f4") == 0.5
