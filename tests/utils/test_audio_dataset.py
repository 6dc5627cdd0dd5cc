"""Sound files as samples."""

import wave

import numpy as np
import pytest

from kerasish.utils import audio_dataset_from_directory

LENGTHS = (10, 7, 12)


@pytest.fixture
def sounds(rng):
    return [rng.integers(-(2**15), 2**15, (n, 2), dtype="<i2") for n in LENGTHS]


@pytest.fixture
def folder(tmp_path, sounds):
    for name in "xy":
        (tmp_path / name).mkdir()
        for number, sound in enumerate(sounds):
            with wave.open(str(tmp_path / name / f"{number}.wav"), "wb") as file:
                file.setparams((2, 2, 100, 0, "NONE", ""))
                file.writeframes(sound.tobytes())
    return tmp_path


def batches(folder, **options):
    options = {"shuffle": False, "verbose": False, "batch_size": 4} | options
    return list(audio_dataset_from_directory(folder, **options))


def test_sounds_are_filled_up_to_the_longest(folder, sounds):
    (first, labels), (second, _) = batches(folder)
    assert (first.dtype, first.shape, second.shape) == (
        np.float32,
        (4, 12, 2),
        (2, 12, 2),
    )
    assert labels.tolist() == [0, 0, 0, 1]
    np.testing.assert_array_equal(first[0, :10], sounds[0] / 2**15)
    assert np.abs(first[0, 10:]).max() == 0
    ((alone, _), *_) = batches(folder, batch_size=2)
    assert alone.shape == (2, 10, 2)


def test_set_length(folder, sounds):
    (first, _), _ = batches(folder, output_sequence_length=9)
    assert first.shape == (4, 9, 2)
    np.testing.assert_array_equal(first[0], sounds[0][:9] / 2**15)
    assert np.abs(first[1, 7:]).max() == 0


def test_own_lengths(folder):
    (first, _), _ = batches(folder, ragged=True)
    assert first.dtype == object
    assert [sound.shape for sound in first] == [(10, 2), (7, 2), (12, 2), (10, 2)]
    single = batches(folder, batch_size=None)
    assert [sound.shape[0] for sound, _ in single] == [*LENGTHS, *LENGTHS]


def test_sampling_rate(folder):
    (first, _), _ = batches(folder, sampling_rate=50)
    assert first.shape == (4, 6, 2)


def test_numbers_of_channels_must_agree(folder):
    with wave.open(str(folder / "x" / "9.wav"), "wb") as file:
        file.setparams((1, 2, 100, 0, "NONE", ""))
        file.writeframes(bytes(8))
    with pytest.raises(ValueError, match=r"(?s)\[1, 2\] channels.*ragged=True"):
        batches(folder)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampling_rate": -5}, "got:      sampling_rate=-5"),
        ({"output_sequence_length": 0}, "`output_sequence_length` should be higher"),
        ({"ragged": True, "output_sequence_length": 3}, "Cannot set both"),
    ],
)
def test_wrong_arguments(folder, options, message):
    with pytest.raises(ValueError, match=message):
        batches(folder, **options)
