"""`predict`: arrays in, arrays out, in three formats, and wrong ones refused."""

import numpy as np
import pytest

from kerasish import layers, models
from kerasish.saving.api import load_model


@pytest.fixture
def rows(rng):
    return rng.random((7, 3), dtype="float32")


@pytest.fixture
def expected(saved, rows):
    return load_model(saved).predict(rows, verbose=0)


@pytest.mark.parametrize("ending", [".npy", ".npz", ".csv"])
def test_results_are_the_models(kerasish, saved, tmp_path, rows, expected, ending):
    np.save(tmp_path / "x.npy", rows)
    target = tmp_path / f"y{ending}"
    finished = kerasish(
        "predict", saved, tmp_path / "x.npy", "-o", target, "--batch-size", "2"
    )
    assert finished.status == 0
    assert finished.out == f"wrote {target}: scores (7, 2)\n"
    if ending == ".csv":
        found = np.loadtxt(target, delimiter=",")
    else:
        found = np.load(target)
        found = found["scores"] if ending == ".npz" else found
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("head", ["", "a,b,c\n", "\ufeffa,b,c\n"])
def test_tables(kerasish, saved, tmp_path, rows, expected, head):
    lines = "".join(",".join(map(repr, row)) + "\n" for row in rows.tolist())
    (tmp_path / "x.csv").write_text(head + lines, encoding="utf-8")
    kerasish("predict", saved, tmp_path / "x.csv", "-o", tmp_path / "y.npy")
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), expected, rtol=1e-5)


def test_a_look_at_the_first_rows(kerasish, saved, tmp_path, rows, expected):
    np.save(tmp_path / "x.npy", rows)
    lines = kerasish("predict", saved, tmp_path / "x.npy").out.splitlines()
    assert lines[0] == "scores: shape (7, 2), float32"
    assert lines[1].split() == ["0:", *(f"{x:.6g}" for x in expected[0])]
    assert len({len(line) for line in lines[1:6]}) == 1
    assert lines[-1] == "  ... 2 more rows"


@pytest.fixture
def several(tmp_path):
    a, b = layers.Input((2,), name="a"), layers.Input((2,), name="b")
    total = layers.Add(name="total")([a, b])
    gap = layers.Subtract(name="gap")([a, b])
    models.Model([a, b], [total, gap]).save(tmp_path / "several.keras")
    return tmp_path / "several.keras"


@pytest.mark.parametrize("names", [("b", "a"), None])
def test_several_inputs_and_outputs_by_name(kerasish, several, tmp_path, names):
    a, b = np.full((3, 2), 5.0, "float32"), np.full((3, 2), 2.0, "float32")
    if names is None:
        np.savez(tmp_path / "x.npz", a, b)
    else:
        np.savez(tmp_path / "x.npz", b=b, a=a)
    finished = kerasish(
        "predict", several, tmp_path / "x.npz", "-o", tmp_path / "y.npz"
    )
    assert finished.status == 0
    with np.load(tmp_path / "y.npz") as found:
        assert sorted(found.files) == ["gap", "total"]
        np.testing.assert_array_equal(found["total"], a + b)
        np.testing.assert_array_equal(found["gap"], a - b)


def test_wrong_names_and_places_are_told(kerasish, several, tmp_path):
    a = np.zeros((1, 2), "float32")
    np.savez(tmp_path / "x.npz", a=a, c=a)
    finished = kerasish("predict", several, tmp_path / "x.npz")
    assert finished.status == 2
    assert "(got a, c; expected a .npz with a, b)" in finished.err
    np.savez(tmp_path / "x.npz", a=a, b=a)
    finished = kerasish(
        "predict", several, tmp_path / "x.npz", "-o", tmp_path / "y.npy"
    )
    assert finished.status == 2
    assert "got 2 outputs: total, gap; fix: write a .npz" in finished.err
    assert not (tmp_path / "y.npy").exists()


def test_pickles_are_not_read(kerasish, saved, tmp_path):
    np.save(tmp_path / "x.npy", np.array([{"a": 1}], dtype=object))
    finished = kerasish("predict", saved, tmp_path / "x.npy")
    assert finished.status == 2
    assert "Object arrays cannot be loaded" in finished.err


@pytest.mark.parametrize(
    ("name", "content"),
    [("x.npy", b"nothing"), ("x.csv", b"a,b\nc,d\n"), ("x.npz", b"PK\x03\x04")],
)
def test_damaged_inputs_are_one_line(kerasish, saved, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    finished = kerasish("predict", saved, tmp_path / name)
    assert finished.status == 2
    assert finished.err.startswith(f"kerasish: Cannot read '{tmp_path / name}'.")
    assert finished.err.count("\n") == 1


def test_a_wrong_shape_is_one_line(kerasish, saved, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((2, 5), "float32"))
    finished = kerasish("predict", saved, tmp_path / "x.npy")
    assert finished.status == 2
    assert "(2, 5)" in finished.err or "5" in finished.err
    assert finished.err.count("\n") == 1


@pytest.mark.parametrize("size", ["0", "-1", "many"])
def test_batch_sizes_are_checked(kerasish, saved, size):
    finished = kerasish("predict", saved, "x.npy", f"--batch-size={size}")
    assert finished.status == 2
    assert "--batch-size" in finished.err
