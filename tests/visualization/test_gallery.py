import sys

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed")
pytest.importorskip("PIL", reason="Pillow is not installed")

from matplotlib import pyplot
from matplotlib.patches import Patch

from kerasish.visualization import (
    plot_bounding_box_gallery,
    plot_image_gallery,
    plot_segmentation_mask_gallery,
)


@pytest.fixture(autouse=True)
def shown(monkeypatch):
    """The figures that were open when one was shown; all are closed at the end."""
    figures = []
    pyplot.switch_backend("Agg")  # draws without a screen
    monkeypatch.setattr(pyplot, "show", lambda: figures.append(pyplot.gcf()))
    yield figures
    pyplot.close("all")


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (5, 8, 9, 3), dtype="uint8")


def pictures(figure):
    return [
        np.asarray(place.images[0].get_array()) for place in figure.axes if place.images
    ]


def grid(figure):
    return figure.axes[0].get_gridspec().get_geometry()


class TestImages:
    def test_images_are_shown(self, shown, images):
        plot_image_gallery(images, scale=3)
        (figure,) = shown
        np.testing.assert_array_equal(pictures(figure), images)
        assert grid(figure) == (3, 2)
        assert figure.get_size_inches().tolist() == [6, 9]
        assert not any(place.axison for place in figure.axes)

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({}, (3, 2)),
            ({"rows": 1}, (1, 5)),
            ({"cols": 2}, (3, 2)),
            ({"cols": 5}, (1, 5)),
            ({"rows": 1, "cols": 2}, (1, 2)),
            ({"rows": 4, "cols": 3}, (4, 3)),
        ],
    )
    def test_rows_and_columns(self, shown, images, options, expected):
        plot_image_gallery(images, **options)
        assert grid(shown[0]) == expected
        assert len(pictures(shown[0])) == min(5, expected[0] * expected[1])

    def test_value_range_and_layout(self, shown, images):
        values = images.transpose(0, 3, 1, 2) / 255
        plot_image_gallery(values, value_range=(0, 1), data_format="channels_first")
        found = np.stack(pictures(shown[0])).astype(int)
        assert np.abs(found - images).max() <= 1

    def test_gray(self, shown, images):
        plot_image_gallery(images[..., :1])
        np.testing.assert_array_equal(pictures(shown[0]), images[..., 0])

    def test_titles(self, shown, images):
        names = {0: "cat", 1: "dog"}
        plot_image_gallery(
            images[:2], y_true=np.array([0, 1]), y_pred=[1, 7], label_map=names
        )
        titles = [place.get_title() for place in shown[0].axes]
        assert titles == ["Label: cat  Pred: dog", "Label: dog  Pred: Unknown"]

    def test_titles_need_names(self, images):
        with pytest.raises(ValueError, match="need names") as error:
            plot_image_gallery(images, y_true=[0] * 5)
        assert "pass `label_map`" in str(error.value)

    def test_file(self, shown, images, tmp_path):
        plot_image_gallery(images, path=tmp_path / "a.png", dpi=30, transparent=False)
        assert (tmp_path / "a.png").stat().st_size > 0
        assert shown == []
        assert pyplot.get_fignums() == []
        with pytest.raises(ValueError, match="not both"):
            plot_image_gallery(images, path=tmp_path / "a.png", show=True)

    def test_not_shown(self, shown, images):
        plot_image_gallery(images, show=False)
        assert shown == []
        assert len(pyplot.get_fignums()) == 1

    def test_legend(self, shown, images):
        plot_image_gallery(images, legend_handles=[Patch(color="red", label="box")])
        (legend,) = shown[0].legends
        assert [text.get_text() for text in legend.get_texts()] == ["box"]


class TestBoxes:
    def test_true_and_predicted_boxes(self, shown, images):
        true = {"boxes": [[[1, 1, 4, 4]]] * 5, "labels": [[0]] * 5}
        predicted = {"boxes": [[[2, 2, 6, 6]]] * 5, "labels": [[0]] * 5}
        plot_bounding_box_gallery(
            images, "xyxy", true, predicted, line_thickness=1, legend=True
        )
        for picture in pictures(shown[0]):
            assert picture[1, 1].tolist() == [0, 188, 212]
            assert picture[2, 2].tolist() == [255, 235, 59]
        (legend,) = shown[0].legends
        words = [text.get_text() for text in legend.get_texts()]
        assert words == ["Ground Truth", "Prediction"]

    def test_names_of_either(self, shown, images):
        boxes = {"boxes": [[[1, 1, 6, 6]]] * 5, "labels": [[0]] * 5}
        plot_bounding_box_gallery(images, "xyxy", boxes, rows=5)
        plot_bounding_box_gallery(
            images, "xyxy", boxes, rows=5, ground_truth_mapping={0: "cat"}
        )
        without, named = (np.stack(pictures(figure)) for figure in shown)
        assert (without != named).any()

    def test_two_legends(self, images):
        with pytest.raises(ValueError, match="room for one legend"):
            plot_bounding_box_gallery(images, "xyxy", legend=True, legend_handles=[1])


class TestMasks:
    @pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
    def test_images_beside_masks(self, shown, images, data_format):
        masks = np.ones((5, 8, 9, 1), int)
        given = {"images": images, "y_true": masks, "y_pred": masks * 2}
        if data_format == "channels_first":
            given = {name: x.transpose(0, 3, 1, 2) for name, x in given.items()}
        plot_segmentation_mask_gallery(
            **given, num_classes=3, alpha=1.0, data_format=data_format
        )
        assert grid(shown[0]) == (5, 3)
        found = pictures(shown[0])
        np.testing.assert_array_equal(found[::3], images)
        assert {tuple(color) for x in found[1::3] for color in x.reshape(-1, 3)} == {
            (1, 127, 31)
        }
        assert found[2][0, 0].tolist() == [2, 254, 62]

    def test_one_kind_of_masks(self, shown, images):
        masks = np.ones((5, 8, 9), int)
        plot_segmentation_mask_gallery(images, 3, y_pred=masks)
        assert grid(shown[0]) == (5, 2)


def test_without_matplotlib(monkeypatch, images):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"(?s)need the package matplotlib.*pip"):
        plot_image_gallery(images)
