import inspect

import pytest

from kerasish import losses
from kerasish.losses.base import LossFunctionWrapper
from kerasish.losses.declare import constructed_from, described_arguments


def scaled(y_true, y_pred, factor, shift=0.0):
    """Return something.

    Args:
        y_true: Targets.
        y_pred: Predictions.
        factor: What values are multiplied by,
            in the end.
        shift: What is added.

    Returns:
        A number.
    """
    return (y_pred - y_true) * factor + shift


SHARED = {"reduction": "sum", "name": None}


def declared(order, **defaults):
    class Scaled(LossFunctionWrapper):
        """Scaled difference.

        Args:
            shift: Said by the class.

        Example:
            >>> 1
            1
        """

        def _check_arguments(self):
            if self.factor == 0:
                raise ValueError("factor is zero")

    meanings = {"name": " Its name."}
    made = constructed_from(scaled, order.split(), SHARED, meanings, defaults)
    return made(Scaled)


def test_the_signature_is_in_the_order_given():
    cls = declared("factor reduction name shift", factor=2.0, name="s")
    assert str(inspect.signature(cls)) == (
        "(factor=2.0, reduction='sum', name='s', shift=0.0)"
    )


def test_arguments_reach_the_function_and_are_attributes():
    loss = declared("factor reduction name")(3.0, name="mine")
    assert loss.fn_arguments == {"factor": 3.0}
    assert (loss.factor, loss.name, loss.reduction) == (3.0, "mine", "sum")
    assert float(loss([1.0], [2.0])) == 3.0


def test_the_class_checks_its_arguments():
    with pytest.raises(ValueError, match="factor is zero"):
        declared("factor name")(0)


@pytest.mark.parametrize(
    ("args", "kwargs", "text"),
    [
        ((), {}, "'factor'"),
        ((1, 2, 3), {}, "too many"),
        ((1,), {"factr": 2}, "factr"),
        ((1,), {"factor": 2}, "multiple values"),
    ],
)
def test_wrong_arguments_raise_as_everywhere(args, kwargs, text):
    with pytest.raises(TypeError, match=text):
        declared("factor name")(*args, **kwargs)


def test_the_docstring_tells_of_all_arguments():
    doc = declared("factor shift name", factor=1.0).__doc__
    assert doc.startswith("Scaled difference.\n\nArgs:\n    factor: What values are")
    assert doc.index("in the end.") < doc.index("shift: Said by the class.")
    assert doc.index("name: Its name.") < doc.index("Example:\n    >>> 1")
    assert list(described_arguments(losses.Huber)) == [
        "delta",
        "reduction",
        "name",
        "dtype",
    ]


def test_what_is_said_of_arguments():
    assert list(described_arguments(scaled)) == ["y_true", "y_pred", "factor", "shift"]
    assert described_arguments(scaled)["shift"].strip() == "What is added."
    assert described_arguments(lambda: None) == {}
