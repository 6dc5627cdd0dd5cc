"""The picture of a run."""

import pytest

pytest.importorskip("matplotlib", reason="the bench extra is not installed")

from benchmarks import plots


def case(point, group="one"):
    rounds = {
        "kerasish-numpy": [1.0, 2.0],
        "keras-jax": [2.0, 2.0],
        "floor": [0.5, 1.0],
    }
    return {"group": group, "point": point, "measures": {"fit": rounds}}


@pytest.mark.parametrize("with_curves", [False, True])
def test_a_picture_is_written(tmp_path, with_curves):
    names = ("kerasish-numpy", "keras-jax", "floor")
    results = {
        "peers": {name: {"title": name} for name in names},
        "cases": {"one": case(0)},
        "imports": {"kerasish-numpy": [0.1], "keras-jax": [1.0]},
    }
    if with_curves:
        points = {f"scale-width-{n}": case(n, "scale-width") for n in (16, 64)}
        results["cases"] |= points
    file = tmp_path / "run.svg"
    plots.save(results, file)
    text = file.read_text(encoding="utf-8")
    assert text.lstrip().startswith("<?xml")
    assert ("PathCollection" in text) or ("<use" in text)


def test_ratios_are_to_the_fastest_keras_else_to_the_fastest():
    rounds = {
        "kerasish-numpy": [1.0, 3.0],
        "keras-jax": [2.0, 3.0],
        "raw-jax": [4.0, 6.0],
    }
    given = plots._compared(rounds)
    assert given == {"kerasish-numpy": 0.75, "keras-jax": 1.0, "raw-jax": 2.0}
    del rounds["keras-jax"]
    assert plots._compared(rounds)["kerasish-numpy"] == 1.0
