"""The dense layer whose product is an einsum: which axes it sums is for the user."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from kerasish import activations, constraints, initializers, ops, regularizers
from kerasish.errors import ShapeError, explain
from kerasish.layers.adapters import AdaptedWeight, LowRankAdapters
from kerasish.layers.input_spec import InputSpec
from kerasish.saving.registry import public

_EQUATION = re.compile(
    r"(?P<x>[a-zA-Z]+),(?P<w>[a-zA-Z]+)->(?P<y>[a-zA-Z]+)"
    r"|\.\.\.(?P<x_left>[a-zA-Z]+),(?P<w_left>[a-zA-Z]+)->\.\.\.(?P<y_left>[a-zA-Z]+)"
    r"|(?P<x_right>[a-zA-Z]+)\.\.\.,(?P<w_right>[a-zA-Z]+)->(?P<y_right>[a-zA-Z]+)\.\.\."
)
Lengths = dict[str, int | None]


@public("keras.layers")
class EinsumDense(LowRankAdapters):
    """`activation(einsum(equation, inputs, kernel) + bias)`.

    Args:
        equation: Subscripts of the input, the kernel and the output, such as
            "abc,cd->abd"; an ellipsis before or behind those of input and output stands
            for any further axes.
        output_shape: Length of each axis of the output that has a letter, the batch
            axis left out; None where it is the input's. A number stands for one axis.
        activation: A name or callable; none by default.
        bias_axes: Letters of the output's axes along which the bias varies; no bias by
            default.
        kernel_initializer: Initial values of the kernel.
        bias_initializer: Initial values of the bias.
        kernel_regularizer: Penalty on the kernel.
        bias_regularizer: Penalty on the bias.
        kernel_constraint: Projection of the kernel after each update.
        bias_constraint: Projection of the bias after each update.
        lora_rank: If given, the kernel is frozen, and adapters of that rank are
            trained; see `enable_lora`.
        lora_alpha: The adapters count `lora_alpha / lora_rank` times; once by default.
        gptq_unpacked_column_size: Must be None: there is no quantization here.
        quantization_config: Likewise.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: The equation is of no such form.

    Example:
        >>> EinsumDense("abc,cd->abd", (None, 3), bias_axes="d")([[[1.0, 2.0]]]).shape
        (1, 1, 3)
    """

    kernel = AdaptedWeight()

    def __init__(
        self,
        equation: str,
        output_shape: int | Sequence[int | None],
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        gptq_unpacked_column_size: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._init_arguments.pop("gptq_unpacked_column_size", None)
        self._plan_adapters(lora_rank, lora_alpha, quantization_config)
        self._refuse_packing(gptq_unpacked_column_size)
        self.equation = equation
        self._letters = self._read(equation)
        given: Any = (output_shape,) if isinstance(output_shape, int) else output_shape
        self.partial_output_shape: tuple[int | None, ...] = tuple(given)
        self.activation = activations.get(activation)
        self.bias_axes = bias_axes
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def _refuse_packing(self, size: Any) -> None:
        if size is not None:
            raise ValueError(
                explain(
                    f"{self._who()} has no quantized kernel here.",
                    got=f"gptq_unpacked_column_size={size!r}",
                    fix="leave gptq_unpacked_column_size out",
                )
            )

    def _read(self, equation: str) -> tuple[str, str, str]:
        """Return the letters of the input, the kernel and the output."""
        match = _EQUATION.fullmatch(equation)
        if match is None:
            raise ValueError(
                explain(
                    f"{self._who()} cannot read its equation.",
                    got=f"equation={equation!r}",
                    expected="'[x],[w]->[y]', '...[x],[w]->...[y]' or "
                    "'[x]...,[w]->[y]...', of letters",
                )
            )
        x, w, y = [letters for letters in match.groups() if letters is not None]
        for letter in y:
            if letter not in x + w:
                raise self._stranger(letter, f"the output '{y}'", f"'{x}' and '{w}'")
        return x, w, y

    def _stranger(self, letter: str, where: str, known: str) -> ValueError:
        return ValueError(
            explain(
                f"{self._who()} has a letter that stands for no axis.",
                got=f"'{letter}' in {where}; equation {self.equation!r}",
                expected=f"one of {known}",
            )
        )

    @property
    def _is_open_left(self) -> bool:
        return self.equation.startswith("...")

    def build(self, input_shape: Any) -> None:
        """Make the kernel, and the bias if it has axes."""
        lengths = self._lengths(input_shape)
        self.kernel = self.add_weight(
            self._known(self._letters[1], lengths, "the kernel", input_shape),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if self.bias_axes is not None:
            self.bias = self.add_weight(
                self._bias_shape(lengths, input_shape),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self.input_spec = InputSpec(ndim=len(input_shape))
        self._add_planned_adapters()

    def _input_lengths(self, input_shape: Any) -> Lengths:
        letters, ndim = self._letters[0], len(input_shape)
        hidden = ndim - len(letters)
        if hidden < 0 or (hidden and "..." not in self.equation):
            raise ShapeError(
                explain(
                    f"{self._who()} cannot take an input of this rank.",
                    got=f"shape {tuple(input_shape)}",
                    expected=f"axes '{letters}' of the equation {self.equation!r}",
                )
            )
        named = input_shape[hidden:] if self._is_open_left else input_shape
        return dict(zip(letters, named, strict=False))

    def _output_lengths(self, input_shape: Any) -> Lengths:
        """Return the lengths that are given for the output's letters."""
        letters = self._letters[2]
        given = self.partial_output_shape
        if not self._is_open_left:
            given = (input_shape[0], *given)
        if len(given) != len(letters):
            raise ShapeError(
                explain(
                    f"{self._who()} needs a length for each axis of its output.",
                    got=f"output_shape={self.partial_output_shape}",
                    expected=f"lengths for '{letters}'"
                    + ("" if self._is_open_left else ", the first left out"),
                )
            )
        return dict(zip(letters, given, strict=True))

    def _lengths(self, input_shape: Any) -> Lengths:
        """Return the length of each letter; None where it is unknown.

        Raises:
            ShapeError: What the input says is not what `output_shape` says.
        """
        own = self._input_lengths(input_shape)
        wanted = self._output_lengths(input_shape)
        for letter, length in wanted.items():
            if letter in own and length is not None and own[letter] != length:
                raise ShapeError(
                    explain(
                        f"{self._who()} has an axis with two lengths.",
                        got=f"'{letter}' is {own[letter]} in the input and {length} in "
                        "output_shape",
                        fix="give None for axes that are the input's",
                    )
                )
        return {**wanted, **{k: n for k, n in own.items() if n is not None}}

    def _known(
        self, letters: str, lengths: Lengths, what: str, input_shape: Any
    ) -> tuple[int, ...]:
        """Return the lengths of letters, all of which a weight must know."""
        found = [lengths.get(letter) for letter in letters]
        if None in found:
            unknown = letters[found.index(None)]
            raise ShapeError(
                explain(
                    f"{self._who()} must know every length of {what}.",
                    got=f"axis '{unknown}' unknown, for the input {tuple(input_shape)}",
                    fix="give it in the input's shape or in output_shape",
                )
            )
        return tuple(n for n in found if n is not None)

    def _bias_shape(self, lengths: Lengths, input_shape: Any) -> tuple[int, ...]:
        """Return the bias's shape, from the first of its axes on; 1 for others."""
        axes, letters = self.bias_axes or "", self._letters[2]
        if not axes:
            raise ValueError(
                explain(
                    f"{self._who()} has a bias without axes.",
                    got="bias_axes=''",
                    fix=f"name some of '{letters}', or None for no bias",
                )
            )
        for letter in axes:
            if letter not in letters:
                raise self._stranger(letter, "bias_axes", f"'{letters}'")
        first = min(letters.index(letter) for letter in axes)
        used = "".join(letter for letter in letters if letter in axes)
        known = dict(
            zip(used, self._known(used, lengths, "bias", input_shape), strict=True)
        )
        hidden = 0
        if self.equation.endswith("..."):
            hidden = len(input_shape) - len(self._letters[0])
        return (*(known.get(letter, 1) for letter in letters[first:]), *[1] * hidden)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return the einsum of the input and the kernel, with bias and activation."""
        outputs = ops.einsum(self.equation, inputs, self.kernel)
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape: None where neither it nor the input is known."""
        self._lengths(input_shape)
        named = self._output_lengths(input_shape).values()
        hidden = len(input_shape) - len(self._letters[0])
        if self._is_open_left:
            return (*input_shape[:hidden], *named)
        return (*named, *input_shape[len(input_shape) - hidden :])

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments; the output's shape as a tuple."""
        config = {"activity_regularizer": None, **super().get_config()}
        return {**config, "output_shape": self.partial_output_shape}
