"""What Keras has and this package leaves out on purpose, with what to use instead.

A package lists its entries and installs `refusing` as its `__getattr__`: reading such a
name raises an `AttributeError` that says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from kerasish.errors import explain

_T = TypeVar("_T")
_QUANTIZED = "there are no quantized layers here; use 'float16' or 'mixed_float16'"
_OTHER_FRAMEWORK = "there is no other framework underneath whose objects it could hold"
_DISTRIBUTION = (
    "one process uses one device here; for several, start a process for each"
)

TOP = {
    "Quantizer": _QUANTIZED,
    "distribution": _DISTRIBUTION,
    "quantizers": _QUANTIZED,
    "export": "models run here without a framework: save with model.save('m.keras')",
}
LAYERS = {
    "TFSMLayer": _OTHER_FRAMEWORK,
    "JaxLayer": _OTHER_FRAMEWORK,
    "FlaxLayer": _OTHER_FRAMEWORK,
    "TorchModuleWrapper": _OTHER_FRAMEWORK,
}
CALLBACKS = {
    "OrbaxCheckpoint": "Orbax belongs to JAX; use ModelCheckpoint or BackupAndRestore",
}
APPLICATIONS = {
    **dict.fromkeys(
        (
            *("ConvNeXtTiny", "ConvNeXtSmall", "ConvNeXtBase", "ConvNeXtLarge"),
            *("ConvNeXtXLarge", "convnext"),
        ),
        "use an EfficientNet or a ResNet instead",
    ),
    **dict.fromkeys(
        (
            *("EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2"),
            *("EfficientNetV2B3", "EfficientNetV2S", "EfficientNetV2M"),
            *("EfficientNetV2L", "efficientnet_v2"),
        ),
        "use EfficientNetB0 to EfficientNetB7 instead",
    ),
    "InceptionResNetV2": "use InceptionV3 instead",
    "inception_resnet_v2": "use InceptionV3 instead",
    "NASNetLarge": "use EfficientNetB4 instead",
    "NASNetMobile": "use MobileNetV3Large instead",
    "nasnet": "use MobileNetV3Large or EfficientNetB4 instead",
}
DTYPE_POLICIES = dict.fromkeys(
    (
        "AWQDTypePolicy",
        "GPTQDTypePolicy",
        "Int4DTypePolicy",
        "QuantizedDTypePolicy",
        "QuantizedFloat8DTypePolicy",
    ),
    _QUANTIZED,
)

_STEPS = "fit plans its steps itself; override train_step, test_step or predict_step"
MEMBERS = {
    **dict.fromkeys(
        ("quantize", "quantized_build", "quantized_call", "quantization_mode"),
        _QUANTIZED,
    ),
    "add_metric": "pass metrics to compile, or hold them in attributes of the layer",
    "export": TOP["export"],
    **dict.fromkeys(("make_train_function", "train_function"), _STEPS),
    **dict.fromkeys(("make_test_function", "test_function"), _STEPS),
    **dict.fromkeys(("make_predict_function", "predict_function"), _STEPS),
    **dict.fromkeys(
        ("compute_loss_and_updates", "stateless_compute_loss"),
        "differentiate a function of stateless_call with kerasish.value_and_grad",
    ),
}


class LeftOut:
    """An attribute of a class that is left out: reading it says why."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> Any:
        """Raise an `AttributeError` that says why."""
        raise AttributeError(
            explain(
                f"`{owner.__name__}.{self._name}` is left out on purpose.",
                fix=self._reason,
            )
        )


def leaving_out(*names: str) -> Callable[[type[_T]], type[_T]]:
    """Return a class decorator for members of `MEMBERS`.

    Args:
        *names: The members that the class of Keras has.
    """

    def decorated(cls: type[_T]) -> type[_T]:
        for name in names:
            member = LeftOut(MEMBERS[name])
            member.__set_name__(cls, name)
            setattr(cls, name, member)
        return cls

    return decorated


def refusing(module: str, entries: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a module's `__getattr__` that explains the names left out.

    Args:
        module: The module's name, for messages.
        entries: What to use instead, or why, by name.
    """

    def missing(name: str) -> Any:
        if name in entries:
            raise AttributeError(
                explain(f"`{module}.{name}` is left out on purpose.", fix=entries[name])
            )
        raise AttributeError(f"module '{module}' has no attribute '{name}'")

    return missing
