"""Low-rank adapters: a large weight, frozen, and two thin ones that are trained.

A layer names the weight with `AdaptedWeight` and derives from `LowRankAdapters`. Files
hold the weight with what the adapters have learnt, so that they load without adapters.

References:
    Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022.
"""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.errors import explain
from kerasish.graph.variable import Variable
from kerasish.layers.layer import Layer


class AdaptedWeight:
    """An attribute of a layer: its weight, with what adapters add to it.

    Example:
        >>> class Scale(LowRankAdapters):
        ...     kernel = AdaptedWeight()
    """

    def __set_name__(self, owner: type[LowRankAdapters], name: str) -> None:
        owner._adapted = name

    def __get__(self, layer: Any, owner: Any = None) -> Any:
        """Return the variable; with adapters, a tensor."""
        if layer is None:
            return self
        weight = getattr(layer, f"_{layer._adapted}")
        return ops.add(weight, layer._adaptation()) if layer.lora_enabled else weight

    def __set__(self, layer: Any, weight: Any) -> None:
        setattr(layer, f"_{layer._adapted}", weight)


class LowRankAdapters(Layer):
    """What layers with adapters share.

    Attributes:
        lora_enabled: Whether there are any.
        lora_rank: Length of the axis between the two thin weights.
        lora_alpha: Their product counts `lora_alpha / lora_rank` times.
    """

    _adapted: str
    lora_enabled = False
    lora_rank: int | None = None
    lora_alpha: float | None = None

    def _plan_adapters(
        self, rank: int | None, alpha: float | None, quantization_config: Any = None
    ) -> None:
        """Note the adapters that `build` is to add; refuse quantization."""
        if quantization_config is not None:
            raise ValueError(
                explain(
                    f"{self._who()} has no quantization here.",
                    got=f"quantization_config={quantization_config!r}",
                    fix="leave quantization_config out",
                )
            )
        if rank is not None:
            self._require_rank(rank)
            self.lora_rank = rank
            self.lora_alpha = rank if alpha is None else alpha

    def _add_planned_adapters(self) -> None:
        """Add the adapters that the constructor was asked for; ends a `build`."""
        self.built = True
        if self.lora_rank is not None and not self.lora_enabled:
            self.enable_lora(self.lora_rank, self.lora_alpha)

    def enable_lora(
        self,
        rank: int,
        lora_alpha: float | None = None,
        a_initializer: Any = "he_uniform",
        b_initializer: Any = "zeros",
    ) -> None:
        """Freeze the layer's large weight, and add two thin ones to train.

        Compile the model again afterwards.

        Args:
            rank: Length of the axis between them; positive.
            lora_alpha: Their product counts `lora_alpha / rank` times; `rank` by
                default.
            a_initializer: Initial values of the first, (..., rank).
            b_initializer: Initial values of the second, (rank, units).

        Raises:
            ValueError: The layer is not built, has adapters or a constraint already.
        """
        self._require_free(rank)
        weight: Variable = getattr(self, f"_{self._adapted}")
        *others, last = weight.shape
        self._lora_a = self.add_weight(
            (*others, rank), a_initializer, name=f"lora_{self._adapted}_a"
        )
        self._lora_b = self.add_weight(
            (rank, last), b_initializer, name=f"lora_{self._adapted}_b"
        )
        setattr(self, self._lora_a.name, self._lora_a)
        setattr(self, self._lora_b.name, self._lora_b)
        weight.trainable = False
        self.lora_rank = rank
        self.lora_alpha = rank if lora_alpha is None else lora_alpha
        self.lora_enabled = True

    def _require_rank(self, rank: Any) -> None:
        if not isinstance(rank, int) or rank <= 0:
            raise ValueError(
                explain(
                    f"{self._who()} needs a positive rank for its adapters.",
                    got=f"rank={rank!r}",
                )
            )

    def _require_free(self, rank: Any) -> None:
        """Raise unless adapters can be added."""
        self._require_built_for("enable_lora")
        self._require_rank(rank)
        if getattr(self, f"{self._adapted}_constraint", None) is not None:
            raise ValueError(
                explain(
                    f"{self._who()} cannot have both adapters and a constraint.",
                    fix=f"leave {self._adapted}_constraint out",
                )
            )
        if self.lora_enabled:
            raise ValueError(
                explain(
                    f"{self._who()} has adapters already.",
                    got=f"lora_rank={self.lora_rank}",
                    fix="call enable_lora once",
                )
            )

    def _adaptation(self) -> Any:
        """Return what the adapters add to the weight."""
        return ops.multiply(ops.matmul(self._lora_a, self._lora_b), self._lora_scale)

    @property
    def _lora_scale(self) -> float:
        assert self.lora_alpha is not None
        assert self.lora_rank is not None
        return self.lora_alpha / self.lora_rank

    def _stored_variables(self, own: list[Any]) -> list[Any]:
        if not self.lora_enabled:
            return own
        thin = {id(self._lora_a), id(self._lora_b)}
        merged = _Merged(self)
        return [
            merged if variable is merged.weight else variable
            for variable in own
            if id(variable) not in thin
        ]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments; those of adapters if there are any."""
        config = super().get_config()
        if self.lora_rank is None:
            return config
        return {**config, "lora_rank": self.lora_rank, "lora_alpha": self.lora_alpha}


class _Merged:
    """A weight as files hold it, with what its adapters add.

    What is read goes into the weight. The second adapter is set to zeros: they add
    nothing then, and can still learn. (Keras sets both to zeros, where no gradient
    leads away from.)
    """

    def __init__(self, layer: LowRankAdapters) -> None:
        self._layer = layer
        self.weight: Variable = getattr(layer, f"_{layer._adapted}")
        self.name, self.path = self.weight.name, self.weight.path
        self.shape, self.dtype = self.weight.shape, self.weight.dtype

    def numpy(self) -> Any:
        """Return the value that files hold."""
        added = ops.convert_to_numpy(self._layer._adaptation())
        return self.weight.numpy() + added

    def assign(self, value: Any) -> None:
        """Set the weight to what a file holds."""
        self.weight.assign(value)
        self._layer._lora_b.assign(ops.zeros(self._layer._lora_b.shape))

    adopt = assign
