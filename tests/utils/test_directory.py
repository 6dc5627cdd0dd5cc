"""What all `*_dataset_from_directory` have in common, shown on text files.

Expected orders and splits were observed in real Keras.
"""

import numpy as np
import pytest

from kerasish.utils import text_dataset_from_directory


@pytest.fixture
def folder(tmp_path):
    """A folder of three classes, one file beside them, and a hidden folder."""
    root = tmp_path / "data"
    for name, count in (("b", 5), ("a", 4), (".hidden", 1), ("c", 3)):
        (root / name / "sub").mkdir(parents=True)
        for number in range(count):
            (root / name / f"f{number}.txt").write_text(f"{name}{number}")
        (root / name / "sub" / "z.TXT").write_text(f"sub {name}")
        (root / name / "notes.md").write_text("no sample")
    (root / "top.txt").write_text("top")
    return root


@pytest.fixture
def small(tmp_path):
    """A folder of two classes with two files each."""
    for name in "ba":
        (tmp_path / name).mkdir()
        for number in range(2):
            (tmp_path / name / f"f{number}.txt").write_text(f"{name}{number}")
    return tmp_path


def read(folder, **options):
    """Return all texts, and all labels, of the only batch."""
    options = {"shuffle": False, "batch_size": 100, "verbose": False} | options
    (batch,) = text_dataset_from_directory(folder, **options)
    texts, labels = batch if isinstance(batch, tuple) else (batch, None)
    return texts.tolist(), labels


A = ["a0", "a1", "a2", "a3", "sub a"]
B = ["b0", "b1", "b2", "b3", "b4", "sub b"]
C = ["c0", "c1", "c2", "sub c"]


def test_subfolders_are_classes(folder):
    dataset = text_dataset_from_directory(folder, verbose=False, shuffle=False)
    assert dataset.class_names == ["a", "b", "c"]
    assert dataset.file_paths[4] == str(folder / "a" / "sub" / "z.TXT")
    texts, labels = read(folder)
    assert texts == A + B + C
    assert labels.dtype == np.int32
    assert labels.tolist() == [0] * 5 + [1] * 6 + [2] * 4


def test_chosen_classes(folder):
    texts, labels = read(folder, class_names=["c", "a"])
    assert texts == C + A
    assert labels.tolist() == [0] * 4 + [1] * 5


def test_forms_of_labels(folder):
    _, labels = read(folder, class_names=["c", "a"], label_mode="binary")
    assert labels.dtype == np.float32
    assert labels.tolist() == [[0.0]] * 4 + [[1.0]] * 5
    _, labels = read(folder, label_mode="categorical")
    assert labels.dtype == np.float32
    np.testing.assert_array_equal(labels, np.eye(3)[[0] * 5 + [1] * 6 + [2] * 4])


@pytest.mark.parametrize("options", [{"label_mode": None}, {"labels": None}])
def test_without_labels_every_file_counts(folder, options):
    texts, labels = read(folder, **options)
    assert texts == ["top", ".hidden0", "sub .hidden", *A, *B, *C]
    assert labels is None
    dataset = text_dataset_from_directory(folder, verbose=False, **options)
    assert dataset.class_names is None


@pytest.mark.parametrize("given", [[3, 5, 5, 3], (3, 5, 5, 3), np.array([3, 5, 5, 3])])
def test_given_labels(small, given):
    texts, labels = read(small, labels=given)
    assert texts == ["a0", "a1", "b0", "b1"]
    assert (labels.dtype, labels.tolist()) == (np.int32, [3, 5, 5, 3])
    dataset = text_dataset_from_directory(small, labels=given, verbose=False)
    assert dataset.class_names == ["3", "5"]


def test_given_labels_are_shuffled_with_the_files(small):
    texts, labels = read(small, labels=[0, 1, 2, 3], shuffle=True, seed=1)
    names = ["a0", "a1", "b0", "b1"]
    assert [names[label] for label in labels] == texts


def test_seed_fixes_the_validation_files(folder):
    options = {"seed": 5, "shuffle": True, "validation_split": 0.3}
    training, _ = read(folder, subset="training", **options)
    validation, _ = read(folder, subset="validation", **options)
    assert set(validation) == {"b1", "a3", "c1", "c2"}  # as real Keras
    assert sorted(training + validation) == sorted(A + B + C)


def test_split_without_shuffling(folder):
    training, _ = read(folder, validation_split=0.3, subset="training")
    validation, labels = read(folder, validation_split=0.3, subset="validation")
    assert (training, validation) == (A + B, C)
    assert labels.tolist() == [2, 2, 2, 2]


def test_both_subsets(folder):
    training, validation = text_dataset_from_directory(
        folder, batch_size=4, seed=5, validation_split=0.3, subset="both", verbose=False
    )
    assert (len(training), len(validation)) == (3, 1)
    assert len(training.file_paths) == 11
    assert set(training.file_paths).isdisjoint(validation.file_paths)
    assert training.class_names == validation.class_names == ["a", "b", "c"]


def test_links_are_followed_if_asked(small, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "z.txt").write_text("linked")
    (small / "a" / "link").symlink_to(other, target_is_directory=True)
    assert "linked" not in read(small)[0]
    assert read(small, follow_links=True)[0][2] == "linked"


def test_messages(folder, capsys):
    read(folder, verbose=True, validation_split=0.3, subset="training")
    read(folder, verbose=True, labels=None)
    assert capsys.readouterr().out.splitlines() == [
        "Found 15 files belonging to 3 classes.",
        "Using 11 files for training.",
        "Found 18 files.",
    ]
    read(folder)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_mode": "onehot"}, "Unknown `label_mode` 'onehot'"),
        ({"label_mode": "binary"}, r"exactly 2 classes"),
        ({"labels": "a"}, "`labels` is not understood"),
        ({"labels": [0, 1]}, "2 labels"),
        ({"labels": [0] * 18, "class_names": ["a"]}, "only pass `class_names` if"),
        ({"labels": None, "class_names": ["a"]}, "cannot be specified"),
        ({"class_names": ["a", "d"]}, r"\['a', 'b', 'c'\] \(or a subset"),
        ({"validation_split": 0.5}, "`validation_split` must be set, and inversely"),
        ({"subset": "both"}, "got:      validation_split=None, subset='both'"),
        ({"validation_split": 1.5, "subset": "both"}, "between 0 and 1"),
        ({"validation_split": 0.5, "subset": "test"}, "Unknown `subset` 'test'"),
        ({"validation_split": 0.01, "subset": "both"}, "0 for validation"),
        ({"format": "numpy"}, "Unknown `format` 'numpy'"),
    ],
)
def test_wrong_arguments(folder, options, message):
    with pytest.raises(ValueError, match=message):
        read(folder, **options)


def test_split_of_shuffled_files_needs_a_seed(folder):
    with pytest.raises(ValueError, match=r"(?s)may overlap.*pass `seed`"):
        read(folder, shuffle=True, validation_split=0.3, subset="training")


def test_empty_folder(tmp_path):
    with pytest.raises(ValueError, match=r"(?s)No text files found.*ending in \.txt"):
        read(tmp_path)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "missing")
