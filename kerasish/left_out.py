"""What Keras has and this package leaves out on purpose, with what to use instead.

A package lists its entries and installs `refusing` as its `__getattr__`: reading such a
name raises an `AttributeError` that says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kerasish.errors import explain

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
