import pytest

from kerasish import losses
from kerasish.losses import directory
from kerasish.saving.registry import custom_object_scope


@pytest.mark.parametrize(
    ("names", "function"),
    [
        (("mse", "MSE", "mean_squared_error"), losses.mean_squared_error),
        (("mae", "MAE"), losses.mean_absolute_error),
        (("mape", "MAPE"), losses.mean_absolute_percentage_error),
        (("msle", "MSLE"), losses.mean_squared_logarithmic_error),
        (("bce", "BCE", "binary_crossentropy"), losses.binary_crossentropy),
        (("kld", "KLD", "kl_divergence"), losses.kl_divergence),
        (("log_cosh",), losses.log_cosh),
        (("huber",), losses.huber),
    ],
)
def test_names_of_functions(names, function):
    for name in names:
        assert losses.get(name) is function


@pytest.mark.parametrize("cls", directory.CLASSES)
def test_class_names_make_instances(cls):
    loss = losses.get(cls.__name__)
    assert type(loss) is cls
    assert type(losses.get(cls)) is cls
    assert losses.get(loss) is loss


@pytest.mark.parametrize("cls", directory.CLASSES)
def test_configs_come_back(cls):
    loss = cls(reduction="sum", name="mine", dtype="float64")
    stored = losses.serialize(loss)
    assert stored["module"] == "keras.losses"
    assert stored["class_name"] == cls.__name__
    again = losses.deserialize(stored)
    assert type(again) is cls
    assert again.get_config() == loss.get_config()
    assert losses.get(stored).name == "mine"


@pytest.mark.parametrize("function", directory.FUNCTIONS)
def test_functions_come_back(function):
    assert losses.deserialize(losses.serialize(function)) is function
    stored = {"class_name": "function", "config": function.__name__}
    assert losses.deserialize({**stored, "registered_name": "function"}) is function


def test_arguments_of_a_loss_come_back():
    loss = losses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=3, axis=1
    )
    again = losses.deserialize(losses.serialize(loss))
    assert again.ignore_class == 3
    assert again.fn_arguments == {"from_logits": True, "ignore_class": 3, "axis": 1}


def test_any_callable_is_a_loss():
    def mine(y_true, y_pred):
        return y_pred

    assert losses.get(mine) is mine
    assert losses.get(None) is None
    with custom_object_scope({"mine": mine}):
        assert losses.get("mine") is mine


def test_a_wrong_name_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'mse'"):
        losses.get("mse_")
    with pytest.raises(ValueError, match="'categorical_crossentropy'"):
        losses.get("categorial_crossentropy")


@pytest.mark.parametrize("wrong", [3, [1, 2], 0.5])
def test_what_is_no_loss(wrong):
    with pytest.raises(ValueError, match="Cannot understand this loss"):
        losses.get(wrong)
