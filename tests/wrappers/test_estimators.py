"""Models as estimators: scikit-learn's own checks, and what these leave open."""

import pickle
import sys

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.6", reason="needs scikit-learn >= 1.6")

from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

import kerasish
from kerasish import wrappers


def make_model(X, y, units=4, loss="mse", activation=None, epochs_seed=1):
    """Return a small model for these arrays; always with the same weights."""
    kerasish.utils.set_random_seed(epochs_seed)
    model = kerasish.Sequential(
        [
            kerasish.Input((X.shape[1],)),
            kerasish.layers.Dense(units, activation="relu"),
            kerasish.layers.Dense(y.shape[1], activation=activation),
        ]
    )
    model.compile(kerasish.optimizers.Adam(0.05), loss)
    return model


QUIET = {"verbose": 0}
CLASSES = {"loss": "categorical_crossentropy", "activation": "softmax"}


def classifier(**options):
    options = {"model_kwargs": CLASSES, "fit_kwargs": QUIET} | options
    return wrappers.SKLearnClassifier(make_model, **options)


def regressor(**options):
    return wrappers.SKLearnRegressor(make_model, **{"fit_kwargs": QUIET} | options)


def transformer(**options):
    return wrappers.SKLearnTransformer(make_model, **{"fit_kwargs": QUIET} | options)


def checks():
    """Yield scikit-learn's checks; its own names of them hold addresses of functions,
    which differ from one worker of pytest-xdist to the next.
    """
    for whole in (classifier(), regressor(), transformer()):
        for index, (estimator, check) in enumerate(estimator_checks_generator(whole)):
            name = getattr(check, "func", check).__name__
            mark = f"{type(estimator).__name__}-{index}-{name}"
            yield pytest.param(estimator, check, id=mark)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("estimator", "check"), list(checks()))
def test_scikit_learn_accepts_it(estimator, check):
    check(estimator)


@pytest.fixture
def data(rng):
    """Points around three centres."""
    centres = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    numbers = np.arange(60) % 3
    return centres[numbers] + rng.normal(size=(60, 2)) * 0.3, numbers


class TestClassifier:
    def test_classes_of_any_kind(self, data):
        X, numbers = data
        names = np.array(["cat", "dog", "eel"])[numbers]
        found = classifier(fit_kwargs={"epochs": 30, "verbose": 0}).fit(X, names)
        assert found.classes_.tolist() == ["cat", "dog", "eel"]
        assert found.score(X, names) > 0.95
        assert set(found.predict(X)) == {"cat", "dog", "eel"}
        scores = found.decision_function(X)
        assert scores.shape == (60, 3)
        np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)
        assert (found.classes_[scores.argmax(axis=1)] == found.predict(X)).all()

    def test_one_class_is_no_choice(self, data):
        X, y = data
        with pytest.raises(ValueError, match="only one class is present"):
            classifier().fit(X, np.ones(60))
        with pytest.raises(ValueError, match="only one class is present"):
            classifier().fit(X, y, sample_weight=(y == 1).astype(float))

    def test_two_classes(self, data):
        X, y = data
        found = classifier().fit(X, y == 1)
        ahead = found.decision_function(X)
        assert ahead.shape == (60,)
        np.testing.assert_array_equal(ahead > 0, found.predict(X))

    def test_in_a_search(self, data):
        options = {**CLASSES, "units": 8}
        search = GridSearchCV(
            make_pipeline(StandardScaler(), classifier()),
            {"sklearnclassifier__model_kwargs": [CLASSES, options]},
            cv=2,
        )
        search.fit(*data)
        assert search.best_estimator_.predict(data[0]).shape == (60,)


class TestRegressor:
    def test_numbers(self, data):
        X, _ = data
        y = X @ [1.0, -2.0]
        found = regressor(fit_kwargs={"epochs": 150, "verbose": 0}).fit(X, y)
        assert found.predict(X).shape == (60,)
        assert found.score(X, y) > 0.95

    def test_arguments_of_fit_win(self, data):
        found = regressor(fit_kwargs={"epochs": 5, "verbose": 0})
        found.fit(data[0], data[1], epochs=2)
        assert found.history_.epoch == [0, 1]


class TestTransformer:
    def test_outputs_are_features(self, data):
        X, y = data
        found = transformer().fit(X, y)
        assert found.transform(X).shape == (60, 1)
        np.testing.assert_array_equal(
            found.transform(X), found.model_.predict(X, verbose=0)
        )
        assert transformer().fit_transform(X, y).shape == (60, 1)


class TestModels:
    def model(self, X):
        return make_model(X, np.ones((1, 1)))

    def test_a_model_is_cloned(self, data):
        model = self.model(data[0])
        before = [weight.copy() for weight in model.get_weights()]
        found = wrappers.SKLearnRegressor(model, fit_kwargs=QUIET).fit(*data)
        assert found.model is model
        assert found.model_ is not model
        assert found.model_.optimizer is not model.optimizer
        assert float(found.model_.optimizer.learning_rate.numpy()) == pytest.approx(
            0.05
        )
        for old, new in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)

    def test_every_fit_begins_anew(self, data):
        found = regressor().fit(*data)
        first = found.model_
        assert found.fit(*data).model_ is not first

    def test_warm_start(self, data):
        model = self.model(data[0])
        found = wrappers.SKLearnRegressor(model, warm_start=True, fit_kwargs=QUIET)
        for steps in (2, 4):
            assert found.fit(*data).model_ is model
            assert int(model.optimizer.iterations.numpy()) == steps
        made = regressor(warm_start=True).fit(*data)
        first = made.model_
        assert made.fit(*data).model_ is first

    def test_a_model_has_to_be_compiled(self, data):
        model = kerasish.Sequential([kerasish.layers.Dense(1)])
        for source in (model, lambda X, y: model):
            with pytest.raises(RuntimeError, match="needs to be compiled"):
                wrappers.SKLearnRegressor(source).fit(*data)

    def test_something_else(self, data):
        with pytest.raises(TypeError, match="does not give a model") as error:
            wrappers.SKLearnRegressor(lambda X, y: 3).fit(*data)
        assert "got:      3 of type int" in str(error.value)

    def test_pickles(self, data):
        X, y = data
        model = self.model(X)
        found = wrappers.SKLearnRegressor(model, fit_kwargs=QUIET).fit(X, y)
        again = pickle.loads(pickle.dumps(found))
        np.testing.assert_array_equal(again.predict(X), found.predict(X))
        assert again.model.compiled
        again.fit(X, y)

    def test_clones_are_not_fitted(self, data):
        found = regressor(warm_start=True).fit(*data)
        copy = clone(found)
        assert copy.get_params() == found.get_params()
        assert not hasattr(copy, "model_")


def test_unknown_name():
    with pytest.raises(AttributeError, match="did you mean 'SKLearnClassifier'"):
        wrappers.SKLearnClasifier  # noqa: B018


def test_names_are_listed():
    assert set(wrappers.__all__) <= set(dir(wrappers))


def test_without_scikit_learn(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("sklearn")]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "kerasish.wrappers.estimators", raising=False)
    with pytest.raises(ImportError, match=r"needs the package scikit-learn") as error:
        wrappers.SKLearnRegressor  # noqa: B018
    assert "fix:      pip install -U scikit-learn" in str(error.value)
