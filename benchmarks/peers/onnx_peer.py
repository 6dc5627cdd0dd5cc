"""ONNX Runtime: inference of a stack, written as an ONNX graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from benchmarks import stacks
from benchmarks.cases import Case, initial_weights
from benchmarks.samples import Data
from benchmarks.stacks import Stack, walk

_OPSET, _IR = 17, 9


class _Graph:
    """An ONNX graph that grows; images lie channels first in it."""

    def __init__(self, case: Case) -> None:
        self._weights = initial_weights(case)
        self._channels = {p: s[-1] for p, _, s in walk(case.stack, case.input_shape)}
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._has_images = len(case.input_shape) > 1

    def finish(self, stack: Stack) -> str:
        x = "x"
        if self._has_images:
            x = self._add("Transpose", x, perm=[0, 3, 1, 2])
        return self._add("Softmax", self._run(stack, x), axis=1)

    def _add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def _constant(self, array: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(
            numpy_helper.from_array(np.ascontiguousarray(array), name)
        )
        return name

    def _run(self, stack: Stack, x: str, prefix: str = "") -> str:
        for index, part in enumerate(stack):
            x = self._apply(f"{prefix}{index}", part, x)
        return x

    def _apply(self, place: str, part: stacks.Part, x: str) -> str:
        match part:
            case stacks.Residual(inner):
                return self._add("Add", x, self._run(inner, x, f"{place}/"))
            case stacks.Dense(_, activation):
                weights = map(self._constant, self._weights[place].values())
                return self._activated(activation, self._add("Gemm", x, *weights))
            case stacks.Conv() | stacks.Depthwise():
                return self._convolved(place, part, x)
            case stacks.Normalization():
                return self._normalized(place, x)
            case stacks.Activation(name):
                return self._activated(name, x)
            case stacks.MaxPool(size):
                sizes = [size, size]
                return self._add("MaxPool", x, kernel_shape=sizes, strides=sizes)
            case stacks.GlobalPool():
                return self._add("Flatten", self._add("GlobalAveragePool", x))
            case stacks.Flatten():
                return self._add("Flatten", x)
            case stacks.Dropout():
                return x
            case _:
                raise ValueError(f"no node is known for {part!r}")

    def _activated(self, name: str | None, x: str) -> str:
        if name == "relu":
            return self._add("Relu", x)
        if name == "relu6":
            limits = [self._constant(np.float32(limit)) for limit in (0, 6)]
            return self._add("Clip", x, *limits)
        return x

    def _convolved(self, place: str, part: Any, x: str) -> str:
        weights = self._weights[place]
        kernel = weights["kernel"].transpose(3, 2, 0, 1)
        groups = 1
        if isinstance(part, stacks.Depthwise):
            kernel, groups = kernel.swapaxes(0, 1), self._channels[place]
        inputs = [kernel, weights["bias"]] if "bias" in weights else [kernel]
        y = self._add(
            "Conv",
            x,
            *map(self._constant, inputs),
            strides=[part.strides] * 2,
            auto_pad="SAME_UPPER" if getattr(part, "same", True) else "VALID",
            group=groups,
        )
        return self._activated(getattr(part, "activation", None), y)

    def _normalized(self, place: str, x: str) -> str:
        scale, offset = self._weights[place].values()
        inputs = [scale, offset, np.zeros_like(scale), np.ones_like(scale)]
        names = map(self._constant, inputs)
        return self._add("BatchNormalization", x, *names, epsilon=1e-3)


def serialized(case: Case) -> bytes:
    """Return the model as an ONNX file's bytes."""
    graph = _Graph(case)
    output = graph.finish(case.stack)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *case.input_shape])
    y = helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", None])
    made = helper.make_graph(graph.nodes, case.name, [x], [y], graph.constants)
    opset = helper.make_opsetid("", _OPSET)
    model = helper.make_model(made, opset_imports=[opset], ir_version=_IR)
    return model.SerializeToString()


class _Session:
    def __init__(self, case: Case) -> None:
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(serialized(case), None, providers)

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self._session.run(None, {"x": x})[0]


def make(case: Case, data: Data, device: str) -> _Session:
    """Return the session; the data are not needed."""
    return _Session(case)
