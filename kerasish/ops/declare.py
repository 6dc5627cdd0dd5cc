"""Declaring operations: signature, shape rule or composition, gradient, in one place.

A *primitive*'s body is its shape and dtype rule: given the operands' specs it returns
the result's `Spec`; each backend supplies the kernel. A *composed* operation's body is
its composition in other operations; a backend may hold a kernel of the same name, which
then wins. Parameters annotated `Array` (or `Arrays`, several) are tensors; all others
are static attributes. Called on arrays an operation runs at once; called on symbolic
tensors it adds a node.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, Generic, ParamSpec

import numpy as np

from kerasish.backend import dtypes, floatx, get_backend, standardize_dtype
from kerasish.backend.contract import Array, Shape
from kerasish.errors import DTypeError, explain
from kerasish.graph.memory_limit import claim
from kerasish.graph.registry import enter, operation
from kerasish.graph.tensor import CONSTANT, Spec, Tensor
from kerasish.graph.trace import current_trace
from kerasish.graph.variable import Variable

P = ParamSpec("P")
Arrays = Sequence[Any]
_TENSOR_ANNOTATIONS = ("Array", "Arrays")
_SCALARS = (bool, int, float)

__all__ = [
    "Array",
    "Arrays",
    "Op",
    "composed",
    "composed_elementwise",
    "elementwise",
    "primitive",
    "view",
]


class Op(Generic[P]):
    """A declared operation; calling it computes eagerly or adds to the open trace.

    Attributes:
        name: What graphs, listings and backend tables call it.
        is_primitive: Whether every backend must supply a kernel.
        is_view: Whether the planner may resolve it to a view.
        is_elementwise: Whether each result element depends only on the operands'
            elements at the same (broadcast) place, so that it can run in place.
        is_several: Whether it has several results (see `kerasish.ops.several`).
        is_control: Whether it runs graphs of its own; never, of a declared one.
        gradient_rule: `rule(g, y, *inputs, **attributes)`, or None.
        no_gradient_reason: Why it has none; None where it has, or is composed.
        kept_operands: Of an elementwise operation, the operands its result must not
            overwrite, by position.
    """

    def __init__(self, function: Callable[P, Any], name: str, kind: str) -> None:
        self.name = name
        self.function = function
        self.is_primitive = not kind.startswith("composed")
        self.is_view = kind == "view"
        self.is_elementwise = kind.endswith("elementwise")
        self.is_several = False
        self.is_control = False
        self.gradient_rule: Callable[..., Any] | None = None
        self.no_gradient_reason: str | None = None
        self.__doc__ = function.__doc__
        self.__name__ = name
        self.__qualname__ = name
        self.__module__ = function.__module__
        self.__wrapped__ = function  # shows help() and type checkers the signature
        self.kept_operands: tuple[int, ...] = ()
        enter(name, self)

    # read on first use: to read those of all operations takes 6 ms

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """What it takes."""
        return inspect.signature(self.function)

    @functools.cached_property
    def takes_several(self) -> bool:
        """Whether its operands come as one sequence."""
        return any(p.annotation == "Arrays" for p in self._tensors)

    @functools.cached_property
    def _parameters(self) -> list[inspect.Parameter]:
        return list(self.signature.parameters.values())

    @functools.cached_property
    def _defaults(self) -> dict[str, Any]:
        return {p.name: p.default for p in self._parameters if p.default is not p.empty}

    @functools.cached_property
    def _tensors(self) -> list[inspect.Parameter]:
        return [p for p in self._parameters if p.annotation in _TENSOR_ANNOTATIONS]

    def __repr__(self) -> str:
        return f"<op {self.name}{self.signature}>"

    def gradient(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Declare the gradient: `rule(g, y, *inputs, **attributes)`.

        It returns one cotangent per input (a lone one for a single input), None where
        there is none. It need not undo broadcasting or casts: the walk does.
        """
        self.gradient_rule = rule
        return rule

    def no_gradient(self, reason: str) -> None:
        """Declare that there is no gradient, and why: it is 0 wherever there is one."""
        self.no_gradient_reason = reason

    def refuse_gradient(self, reason: str) -> None:
        """Declare that the gradient, which is not 0, is not computed, and why."""

        def refuse(*_: Any, **__: Any) -> Any:
            raise ValueError(
                explain(
                    f"The operation '{self.name.removesuffix('_of')}' has no gradient.",
                    got=reason,
                    fix="put ops.stop_gradient around it if none is to flow there",
                )
            )

        self.no_gradient_reason = reason
        self.gradient_rule = refuse

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        """Compute the operation, or add it to the graph if an operand is symbolic."""
        operands, attributes, groups = self._split(args, kwargs)
        if self.is_primitive:
            return self._call_primitive(operands, attributes)
        if not any(isinstance(o, Tensor) for o in operands):
            return self._call_eagerly(operands, attributes, args, kwargs)
        operands = [o.firm() if isinstance(o, Scalar) else o for o in operands]
        tensors = tuple(constant_tensor(o) for o in operands)
        regrouped = _regroup(tensors, groups)
        expansion = self.function(*regrouped, **attributes)
        if not isinstance(expansion, Tensor):
            return expansion
        return node(self, tensors, attributes, expansion, expansion)

    def _split(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[list[Any], dict[str, Any], list[int | None]]:
        """Return the operands flat, the attributes, and the length of each group."""
        bound = self._bind(args, kwargs)
        operands: list[Any] = []
        groups: list[int | None] = []
        for parameter in self._tensors:
            value = bound.pop(parameter.name)
            if parameter.annotation == "Arrays":
                operands.extend(operand(v) for v in value)
                groups.append(len(value))
            else:
                operands.append(operand(value))
                groups.append(None)
        return operands, bound, groups

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        if len(args) + len(kwargs) + len(self._defaults) < len(self._parameters) or len(
            args
        ) > len(self._parameters):
            self.signature.bind(*args, **kwargs)  # raises Python's own TypeError
        bound = dict(self._defaults)
        bound.update(zip([p.name for p in self._parameters], args, strict=False))
        bound.update(kwargs)
        if len(bound) != len(self._parameters):
            self.signature.bind(*args, **kwargs)
        return bound

    def _call_eagerly(
        self,
        operands: list[Any],
        attributes: dict[str, Any],
        args: Any,
        kwargs: Any,
    ) -> Any:
        kernel = get_backend().kernels.get(self.name)
        if kernel is None or not all(hasattr(o, "shape") for o in operands):
            return self.function(*args, **kwargs)
        specs = [Tensor(CONSTANT, (), {}, *form_of(o)) for o in operands]
        result = self(*specs, **attributes)  # type: ignore[arg-type]
        arrays = [o.firm() if isinstance(o, Scalar) else o for o in operands]
        return _run(self.name, result, arrays, attributes)

    def _call_primitive(self, operands: list[Any], attributes: dict[str, Any]) -> Any:
        spec = self.infer(operands, attributes)
        operands = [cast_operand(o, spec.compute) for o in operands]
        if any(isinstance(o, Tensor) for o in operands):
            tensors = tuple(constant_tensor(o) for o in operands)
            return node(self, tensors, attributes, spec)
        if self.is_view and len(operands) == 1:
            return _eager_view(self.name, operands[0], attributes)
        return _run(self.name, spec, operands, attributes)

    def infer(self, operands: Sequence[Any], attributes: dict[str, Any]) -> Spec:
        """Return the spec of the result of a primitive on operands of these specs."""
        specs = [Spec(*form_of(o)) for o in operands]
        arguments = [specs] if self.takes_several else specs
        spec: Spec = self.function(*arguments, **attributes)
        weak = dtypes.is_weak(spec.dtype)
        dtype = dtypes.strong(spec.dtype, floatx()) if weak else spec.dtype
        compute = spec.compute and dtypes.strong(spec.compute, floatx())
        return Spec(spec.shape, dtype, compute)


class Scalar:
    """A Python number among the operands: weak in dtype, without axes."""

    __slots__ = ("dtype", "value")
    shape = ()
    ndim = 0

    def __init__(self, value: bool | int | float) -> None:
        self.value = value
        self.dtype = (
            "bool"
            if isinstance(value, bool)
            else "int"
            if isinstance(value, int)
            else "float"
        )

    def firm(self, dtype: str | None = None) -> Array:
        """Return it as an array of rank 0."""
        dtype = dtype or dtypes.strong(self.dtype, floatx())
        with np.errstate(over="ignore"):
            host = np.asarray(self.value).astype(dtype)
        return get_backend().from_host(host)


def operand(value: Any) -> Any:
    """Return what an operation works on: a Tensor, a backend array, or a Scalar.

    NumPy's float64 scalars are Python floats, so they count as weak, as they should.
    """
    if isinstance(value, (Tensor, Scalar)):
        return value
    if isinstance(value, Variable):
        return value.read()
    backend = get_backend()
    if isinstance(value, backend.array_type):
        return value
    if isinstance(value, _SCALARS):
        return Scalar(value)
    return _from_host(value)


def _from_host(value: Any) -> Array:
    """Return a host value (NumPy array or number, nested lists) as a backend array."""
    tensors = (Tensor, Variable, np.ndarray, get_backend().array_type)
    if isinstance(value, (list, tuple)) and any(isinstance(v, tensors) for v in value):
        return operation("stack")(value)
    if value is None:
        raise TypeError(
            explain(
                "An operation was given None.", expected="a tensor, array or number"
            )
        )
    host = np.asarray(value)
    if host.dtype.kind not in "biuf":
        raise DTypeError(
            explain(
                "This value cannot become a tensor.",
                got=f"{type(value).__name__} of dtype {host.dtype}",
                expected="numbers or booleans, in an array or in nested lists",
            )
        )
    if not isinstance(value, (np.ndarray, np.generic)):
        default = {"f": floatx(), "i": "int32"}.get(host.dtype.kind, host.dtype.name)
        host = host.astype(default)
    return get_backend().from_host(host)


def constant_tensor(value: Any) -> Tensor:
    """Return a Tensor for an operand: itself, or a constant that holds a copy.

    A copy, since whoever owns the array may write to it before the graph runs.
    """
    if isinstance(value, Tensor):
        return value
    form = Spec(*form_of(value))
    held = _run("copy", form, [value], {})
    return Tensor(CONSTANT, (), {"value": held}, form.shape, form.dtype)


def convert(x: Any, dtype: Any = None) -> Any:
    """Return `x` as a tensor of the backend in force, cast to `dtype` if given.

    Of a variable, a copy of its value: the result must not change with it.
    """
    value = x.value if isinstance(x, Variable) else operand(x)
    wanted = None if dtype is None else standardize_dtype(dtype)
    return cast_operand(value, wanted)


def zeros_like_tensor(x: Tensor) -> Tensor:
    """Return a symbolic tensor of zeros of x's form."""
    zero = constant_tensor(convert(0, x.dtype))
    return operation("broadcast")(zero, shape=x.shape)  # type: ignore[no-any-return]


enter("convert", convert)
enter("zeros_like_tensor", zeros_like_tensor)
enter("constant_tensor", constant_tensor)


def form_of(value: Any) -> tuple[Shape, str]:
    """Return the shape and dtype name of an array, a tensor or a `Scalar`."""
    return tuple(value.shape), dtypes.dtype_name(value.dtype)


def cast_operand(value: Any, dtype: str | None) -> Any:
    """Return an operand in a dtype (None leaves it alone), a Python number firm."""
    if isinstance(value, Scalar):
        return value.firm(dtype)
    if dtype is None or dtypes.dtype_name(value.dtype) == dtype:
        return value
    return operation("cast_to")(value, dtype=dtype)


_NODE_BYTES = 1000  # with what a plan or a model keeps of it


def node(
    op: Op[Any],
    inputs: tuple[Tensor, ...],
    attributes: dict[str, Any],
    form: Any,
    expansion: Tensor | None = None,
) -> Tensor:
    """Return a new node of an operation, in the scope of the open trace."""
    claim((_NODE_BYTES,), "uint8")
    opened = current_trace()
    scope = opened.scope if opened is not None else ""
    return Tensor(op, inputs, attributes, form.shape, form.dtype, scope, expansion)


def _regroup(flat: Sequence[Any], groups: list[int | None]) -> list[Any]:
    values = iter(flat)
    return [
        next(values) if length is None else [next(values) for _ in range(length)]
        for length in groups
    ]


def _run(name: str, form: Any, arrays: list[Any], attributes: dict[str, Any]) -> Array:
    backend = get_backend()
    claim(form.shape, form.dtype, keep=False)
    out = backend.empty(form.shape, form.dtype)
    run_kernel(name, out, Spec(form.shape, form.dtype), arrays, attributes)
    return out


def run_kernel(
    name: str, out: Any, form: Any, arrays: Sequence[Array], attributes: dict[str, Any]
) -> None:
    """Run a kernel at once.

    Args:
        name: Of the operation.
        out: The array to write into, or the tuple of them.
        form: Its spec, or the tuple of theirs.
        arrays: Operands.
        attributes: Static arguments.
    """
    backend = get_backend()
    kernel = backend.kernel(name)
    rule = getattr(kernel, "scratch", None)
    if rule is None:
        with backend.eager_scope():
            kernel(out, *arrays, **attributes)
        return
    needs = rule(form, *(Spec(*form_of(a)) for a in arrays), **attributes)
    space = tuple(backend.empty(shape, dtype) for shape, dtype in needs)
    with backend.eager_scope():
        kernel(out, *arrays, scratch=space, **attributes)


def _eager_view(name: str, array: Array, attributes: dict[str, Any]) -> Array:
    """Return a fresh array: a result must never change with its operand."""
    backend = get_backend()
    try:
        viewed = backend.view(name, array, attributes)
    except ValueError:
        form = form_of(array)
        packed = backend.empty(*form)
        backend.kernels["copy"](packed, array)
        return backend.view(name, packed, attributes)
    out = backend.empty(tuple(viewed.shape), dtypes.dtype_name(viewed.dtype))
    backend.kernels["copy"](out, viewed)
    return out


def primitive(function: Callable[P, Spec]) -> Op[P]:
    """Declare a primitive: the body is its shape and dtype rule."""
    return Op(function, function.__name__.rstrip("_"), "primitive")


def elementwise(function: Callable[P, Spec]) -> Op[P]:
    """Declare an elementwise primitive."""
    return Op(function, function.__name__.rstrip("_"), "elementwise")


def view(function: Callable[P, Spec]) -> Op[P]:
    """Declare a primitive that only looks at its operand in another way."""
    return Op(function, function.__name__.rstrip("_"), "view")


def composed(function: Callable[P, Any]) -> Op[P]:
    """Declare a composed operation: the body is its composition."""
    return Op(function, function.__name__.rstrip("_"), "composed")


def composed_elementwise(function: Callable[P, Any]) -> Op[P]:
    """Declare a composed operation that is elementwise, so that it can run in place."""
    return Op(function, function.__name__.rstrip("_"), "composed elementwise")
