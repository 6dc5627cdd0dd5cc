"""Tests of `examples/text_folders.py`: files, and what neighbouring words say."""

import pytest
import text_folders


# Over 10 seeds: all of 200 reviews right with neighbours; 0.50 without, with a standard
# deviation of 0.04.
@pytest.mark.parametrize("seed", range(3))
def test_neighbouring_words_say_it(seed):
    found = text_folders.main(seed=seed)
    assert found["neighbours"] > 0.97
    assert found["bag of words"] == pytest.approx(0.5, abs=4 * 0.04)


def test_writes_a_folder_for_each_class(tmp_path, rng):
    text_folders.write_folders(tmp_path, rng, count=3)
    files = sorted(path.relative_to(tmp_path) for path in tmp_path.glob("*/*"))
    folders = ["negative"] * 3 + ["positive"] * 3
    assert [path.parts[0] for path in files] == folders
    for path in files:
        for remark in (tmp_path / path).read_text().split("."):
            words = remark.split()
            if words and words[0] == "The":
                praise = (words[-1] in text_folders.GOOD) != (words[-2] == "not")
                assert praise == (path.parts[0] == "positive")
