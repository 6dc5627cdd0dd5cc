import pytest

from kerasish.utils.pydataset import PyDataset


class Numbers(PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return index


def test_defaults_and_settings():
    dataset = Numbers(workers=2, use_multiprocessing=True, max_queue_size=5)
    assert (dataset.workers, dataset.use_multiprocessing) == (2, True)
    assert dataset.max_queue_size == 5
    assert (Numbers().workers, Numbers().max_queue_size) == (1, 10)


def test_settings_exist_without_super_init():
    class Forgetful(Numbers):
        def __init__(self):
            pass

    assert Forgetful().workers == 1
    assert not Forgetful().use_multiprocessing


def test_iteration_and_length():
    assert list(Numbers()) == [0, 1, 2]
    assert Numbers().num_batches == 3


def test_endless():
    class Endless(PyDataset):
        num_batches = None

        def __getitem__(self, index):
            return index

    batches = iter(Endless())
    assert [next(batches) for _ in range(4)] == [0, 1, 2, 3]


def test_unfinished_subclass_is_told_what_to_write():
    class Unfinished(PyDataset):
        pass

    with pytest.raises(NotImplementedError, match=r"(?s)Unfinished.*__getitem__"):
        Unfinished()[0]
    with pytest.raises(NotImplementedError, match=r"(?s)Unfinished.*__len__"):
        _ = Unfinished().num_batches
