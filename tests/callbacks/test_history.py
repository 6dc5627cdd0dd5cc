"""The history of `fit`."""

from kerasish.callbacks import History


def test_it_keeps_each_metric_by_name(model, fit):
    history = History()
    fit(history, [{"a": 1.0}, {"a": 2.0, "b": 3.0}, None])
    assert history.history == {"a": [1.0, 2.0], "b": [3.0]}
    assert history.epoch == [0, 1, 2]
    assert model.history is history


def test_a_second_fit_goes_on_with_new_epochs(fit):
    history = History()
    fit(history, [{"a": 1.0}, {"a": 2.0}])
    fit(history, [{"a": 3.0}])
    assert history.history == {"a": [1.0, 2.0, 3.0]}
    assert history.epoch == [0]


def test_it_works_without_a_model():
    history = History()
    history.on_train_begin()
    history.on_epoch_end(4, {"a": 1.0})
    assert history.history == {"a": [1.0]}
    assert history.epoch == [4]
