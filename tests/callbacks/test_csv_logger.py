"""The rows of the log file. Expected texts are what Keras 3.15.1 wrote."""

from pathlib import Path

import numpy as np
import pytest

from kerasish.callbacks import CSVLogger


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.csv"


def text(path):
    return path.read_bytes().decode()


def test_columns_are_sorted_and_leave_room_for_validation(path, fit):
    fit(CSVLogger(path), [{"loss": 0.1, "acc": 0.5}, {"loss": 0.05, "acc": 1}])
    assert text(path) == (
        "epoch,acc,loss,val_acc,val_loss\r\n0,0.5,0.1,NA,NA\r\n1,1,0.05,NA,NA\r\n"
    )


def test_with_validation_there_are_just_its_columns(path, fit):
    fit(CSVLogger(path), [{"loss": 0.1, "val_loss": 3.0}, {"loss": 0.2}])
    assert text(path) == "epoch,loss,val_loss\r\n0,0.1,3.0\r\n1,0.2,NA\r\n"


def test_later_names_have_no_column(path, fit):
    epochs = [{"loss": 0.1}, {"loss": 0.2, "val_loss": 0.3, "new": 1.0}, {"new": 1.0}]
    fit(CSVLogger(str(path)), epochs)
    assert text(path) == "epoch,loss,val_loss\r\n0,0.1,NA\r\n1,0.2,0.3\r\n2,NA,NA\r\n"


def test_separator(path, fit):
    fit(CSVLogger(path, separator=";"), [{"loss": 0.1, "s": "a;b"}])
    assert text(path) == 'epoch;loss;s;val_loss;val_s\r\n0;0.1;"a;b";NA;NA\r\n'


def test_a_file_that_is_there_is_started_anew(path, fit):
    path.write_text("old\n")
    fit(CSVLogger(path), [{"loss": 0.1}])
    assert text(path) == "epoch,loss,val_loss\r\n0,0.1,NA\r\n"


def test_or_added_to(path, fit):
    fit(CSVLogger(path), [{"loss": 0.1}])
    fit(CSVLogger(path, append=True), [{"loss": 0.2}])
    assert text(path) == "epoch,loss,val_loss\r\n0,0.1,NA\r\n0,0.2,NA\r\n"


@pytest.mark.parametrize("exists", [True, False])
def test_an_empty_file_that_is_added_to_gets_its_title_row(exists, path, fit):
    if exists:
        path.write_text("")
    fit(CSVLogger(path, append=True), [{"loss": 0.1}])
    assert text(path) == "epoch,loss,val_loss\r\n0,0.1,NA\r\n"


def test_one_logger_in_two_runs(path, fit):
    logger = CSVLogger(path, append=True)
    fit(logger, [{"loss": 0.1}])
    fit(logger, [{"loss": 0.2}])
    assert text(path) == "epoch,loss,val_loss\r\n0,0.1,NA\r\n0,0.2,NA\r\n"


def test_values_of_several_numbers(path, fit):
    values = {"a": np.array([1.0, 2.0]), "b": [1, 2], "c": np.array(3.0)}
    fit(CSVLogger(path), [values])
    row = text(path).splitlines()[1]
    assert row == '0,"""[1.0, 2.0]""","""[1, 2]""",3.0,NA,NA,NA'


def test_no_metrics_at_all(path, fit):
    fit(CSVLogger(path), [None])
    assert text(path) == "epoch\r\n0\r\n"


def test_a_row_is_in_the_file_at_once(path):
    logger = CSVLogger(path)
    logger.on_train_begin()
    logger.on_epoch_end(0, {"loss": 0.1})
    assert text(path) == "epoch,loss,val_loss\r\n0,0.1,NA\r\n"
    logger.on_train_end()
    assert logger.csv_file.closed
    assert logger.writer is None


def test_the_file_is_opened_late_if_it_must(path):
    logger = CSVLogger(path)
    logger.on_epoch_end(0, {"loss": 0.1})
    logger.on_train_end()
    assert text(path) == "epoch,loss,val_loss\r\n0,0.1,NA\r\n"


def test_attributes(path):
    logger = CSVLogger(path)
    assert (logger.filename, logger.sep, logger.append) == (str(path), ",", False)
    assert (logger.keys, logger.writer, logger.append_header) == (None, None, True)


def test_a_folder_that_is_not_there():
    with pytest.raises(FileNotFoundError):
        CSVLogger(Path("no-such-folder") / "log.csv").on_train_begin()
