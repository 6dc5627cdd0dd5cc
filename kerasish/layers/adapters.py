"""Arguments of Keras's layers for low-rank adapters and quantization: not here."""

from __future__ import annotations

from typing import Any

from kerasish.errors import explain

ADAPTER_ARGUMENTS = ("lora_rank", "lora_alpha", "quantization_config")


def refuse_adapters(who: str, lora_rank: Any, quantization_config: Any) -> None:
    """Raise if a layer is asked for what exists only in Keras.

    Args:
        who: The layer, for the message.
        lora_rank: Must be None.
        quantization_config: Must be None.

    Raises:
        ValueError: One of them is given.
    """
    given = {"lora_rank": lora_rank, "quantization_config": quantization_config}
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                explain(
                    f"{who} has no low-rank adapters and no quantization here.",
                    got=f"{name}={value!r}",
                    fix=f"leave {name} out",
                )
            )
