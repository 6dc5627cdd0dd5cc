"""compile, fit, evaluate, predict: what a model can be trained with.

`Trainer` holds no layers: it needs a callable of `(x, training=)`, the list of
trainable variables, and the penalties in `losses`; `Model` brings those. The steps
themselves are in ops and overridable (`compute_loss`); they are traced and compiled by
`kerasish.training.programs` and run by `kerasish.training.loop`.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish import metrics, ops, optimizers
from kerasish.backend import get_backend
from kerasish.callbacks.callback_list import CallbackList
from kerasish.dtype_policies import DTypePolicy
from kerasish.errors import explain
from kerasish.graph import tree
from kerasish.graph.gradient import gradients
from kerasish.graph.keras_tensor import KerasTensor
from kerasish.graph.tensor import Tensor
from kerasish.left_out import leaving_out
from kerasish.optimizers.loss_scale import LossScaleOptimizer
from kerasish.random import host_generator
from kerasish.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from kerasish.training import loop
from kerasish.training.checks import (
    refuse_own_steps,
    require_gradients,
    require_same_variables,
)
from kerasish.training.data import make_adapter, train_validation_split
from kerasish.training.data_adapter import Adapter
from kerasish.training.outputs import OutputLosses, OutputMetrics
from kerasish.training.programs import Program, Programs
from kerasish.utils.packing import pack_x_y_sample_weight, unpack_x_y_sample_weight

Data = Any
_ALL_SAMPLES = 1 << 40  # as a batch size

_building = threading.RLock()


@leaving_out(
    *("export", "compute_loss_and_updates", "stateless_compute_loss"),
    *("make_train_function", "make_test_function", "make_predict_function"),
    *("train_function", "test_function", "predict_function"),
)
class Trainer:
    """What a model gains by `compile`: training, evaluation, prediction."""

    optimizer: Any
    stop_training: bool
    trainable_variables: list[Any]

    def __init__(self) -> None:
        self.optimizer = None
        self.loss: Any = None
        self.history: Any = None
        self.stop_training = False
        self.compiled = False
        self.run_eagerly = False
        self.jit_compile = True
        self.steps_per_execution = 1
        self._compile_loss: OutputLosses | None = None
        self._compile_metrics: OutputMetrics | None = None
        self._compile_arguments: dict[str, Any] = {}
        self._loss_tracker: Any = None
        self._initial_epoch = 0
        self._programs = Programs()
        self._output_shape: Any = None

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how to train.

        Args:
            optimizer: A name or an `Optimizer`.
            loss: A name, a `Loss`, or a function of `(y_true, y_pred)`; for several
                outputs also a list in their order or a dict by their names.
            loss_weights: Factor of the loss; likewise.
            metrics: Names, metrics or functions; they see no sample weights.
            weighted_metrics: Likewise; they see the sample weights.
            run_eagerly: Whether to compute operation by operation, checking every
                value; slow, for finding faults.
            steps_per_execution: Batches between calls of the batch hooks of callbacks.
            jit_compile: Has no effect: steps are always compiled (see `run_eagerly`).
            auto_scale_loss: Whether to scale the loss under the policy
                "mixed_float16", in which small gradients would vanish.

        Raises:
            ValueError: A name is unknown (the nearest ones are given), or the class
                overrides a method that would never run.
        """
        refuse_own_steps(type(self))
        self.optimizer = optimizers.get(optimizer)
        self.loss = loss
        if auto_scale_loss and _is_mixed(self):
            self.optimizer = _scaling(self.optimizer)
        names = getattr(self, "output_names", None)
        self._compile_loss = OutputLosses(loss, loss_weights, names) if loss else None
        self._compile_metrics = OutputMetrics(metrics, weighted_metrics, names)
        self._loss_tracker = _mean("loss")
        self.run_eagerly = run_eagerly
        self.jit_compile = not run_eagerly
        self.steps_per_execution = int(steps_per_execution)
        self.stop_training = False
        self.compiled = True
        self._fit_state: dict[str, Any] | None = None
        self._compile_arguments = {
            "optimizer": self.optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        self._programs.clear()

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return the arguments of `compile`, JSON-able; None if not compiled."""
        if not self.compiled:
            return None
        serialized: dict[str, Any] = serialize_keras_object(self._compile_arguments)
        return serialized

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile from what `get_compile_config` returned."""
        given = dict(config)
        given["optimizer"] = optimizers.deserialize(given["optimizer"])
        for key in ("loss", "metrics", "weighted_metrics"):
            if key in given:
                given[key] = deserialize_keras_object(given[key])
        self.compile(**given)

    def _require_compiled(self, method: str) -> None:
        if not self.compiled:
            raise ValueError(
                explain(
                    f"`{method}` needs a compiled model.",
                    got="a model on which compile was never called",
                    fix="model.compile(optimizer='adam', loss=...) first",
                )
            )

    # the steps ----------------------------------------------------------------------

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the total loss of a batch, a scalar in ops; may be overridden.

        Args:
            x: Inputs.
            y: Targets.
            y_pred: The model's outputs.
            sample_weight: Weights of the samples.
            training: Whether it is for training.
        """
        terms = []
        if self._compile_loss is not None and y is not None:
            terms.append(self._compile_loss(y, y_pred, sample_weight))
        terms.extend(self.losses)  # type: ignore[attr-defined]
        if not terms:
            raise ValueError(
                explain(
                    "There is no loss to train with.",
                    got="no targets" if y is None else "loss=None",
                    fix="give compile a loss and fit targets, or add_loss in a layer",
                )
            )
        total = terms[0]
        for term in terms[1:]:
            total = ops.add(total, term)
        return total

    def train_step(self, data: Any) -> dict[str, Any]:
        """Do one step on a batch and return the logs; may be overridden.

        It is traced once per shape of the batch and compiled, so it must be written in
        ops: gradients come from `kerasish.value_and_grad(f, variables=...)`.

        Args:
            data: `x`, `(x, y)` or `(x, y, sample_weight)`.
        """
        return self._logs(self._train_step(*unpack_x_y_sample_weight(data)))

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate a batch and return the logs; may be overridden."""
        return self._logs(self._test_step(*unpack_x_y_sample_weight(data)))

    def predict_step(self, data: Any) -> Any:
        """Return the outputs for a batch; may be overridden."""
        return self(unpack_x_y_sample_weight(data)[0], training=False)  # type: ignore[operator]

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Take a batch into the compiled metrics, and return all results."""
        if self._compile_metrics is not None and y is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def _overrides(self, method: str) -> bool:
        return getattr(type(self), method) is not getattr(Trainer, method)

    def _logs(self, found: dict[str, Any] | None) -> dict[str, Any]:
        """Return what an overridden `compute_metrics` gave, else all metrics."""
        return self.get_metrics_result() if found is None else found

    def _train_step(self, x: Any, y: Any, sample_weight: Any = None) -> Any:
        y_pred = self(x, training=True)  # type: ignore[operator]
        loss = self._tracked_loss(x, y, y_pred, sample_weight, training=True)
        variables = self.trainable_variables
        if variables:  # else all is frozen: only metrics change, as in Keras
            sources = [ops.convert_to_tensor(v) for v in variables]
            scaled = self.optimizer.scale_loss(loss)
            slopes = gradients(scaled, sources)
            require_gradients(slopes, scaled, sources)
            self.optimizer.apply(slopes, variables)
        return self._update_metrics(x, y, y_pred, sample_weight)

    def _test_step(self, x: Any, y: Any, sample_weight: Any = None) -> Any:
        y_pred = self(x, training=False)  # type: ignore[operator]
        self._tracked_loss(x, y, y_pred, sample_weight, training=False)
        return self._update_metrics(x, y, y_pred, sample_weight)

    def _step(self, kind: str) -> Any:
        """Return `step(x, y, sample_weight)`: the built-in one, or the user's."""
        if not self._overrides(f"{kind}_step"):
            if kind == "predict":
                return lambda x, y, sample_weight: self(x, training=False)  # type: ignore[operator]
            return self._train_step if kind == "train" else self._test_step
        own = getattr(self, f"{kind}_step")
        return lambda *data: own(pack_x_y_sample_weight(*data))

    def _tracked_loss(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool
    ) -> Any:
        self._output_shape = tree.map_structure(lambda t: t.shape, y_pred)
        given = {"x": x, "y": y, "y_pred": y_pred, "sample_weight": sample_weight}
        loss = self.compute_loss(**given, **self._told_training(training))
        size = next(tree.leaves(x)).shape[0]
        self._loss_tracker.update_state(loss, sample_weight=float(size))
        return loss

    def _told_training(self, training: bool) -> dict[str, bool]:
        """Return `training` as keywords, if an overridden `compute_loss` takes it."""
        parameters = inspect.signature(self.compute_loss).parameters.values()
        takes = any(p.name == "training" or p.kind is p.VAR_KEYWORD for p in parameters)
        return {"training": training} if takes else {}

    def _update_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        """Take a batch into the metrics; return the logs if a subclass makes them."""
        if self._overrides("compute_metrics"):
            return self.compute_metrics(x, y, y_pred, sample_weight)
        if self._compile_metrics is not None and y is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return None

    # metrics ------------------------------------------------------------------------

    @property
    def metrics(self) -> list[Any]:
        """The loss tracker, metrics held in attributes, and those compiled in."""
        held = self._held_metrics()
        if not self.compiled:
            return held
        found = [self._loss_tracker, *held]
        if self._compile_metrics:
            found.append(self._compile_metrics)
        if self._compile_loss is not None:
            found.extend(self._compile_loss.used_trackers)
        return found

    def _held_metrics(self) -> list[Any]:
        hidden = (self._loss_tracker, self._compile_metrics)
        held: list[Any] = getattr(self, "_inner_metrics", list)()
        return [metric for metric in held if metric not in hidden]

    @property
    def metrics_names(self) -> list[str]:
        """Names of `metrics`."""
        return [getattr(m, "name", "compile_metrics") for m in self.metrics]

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the metrics so far as floats, in alphabetical order.

        Inside a step that is traced, they are symbolic tensors.
        """
        found: dict[str, Any] = {}
        for metric in self.metrics:
            if isinstance(metric, OutputMetrics) and not metric.built:
                continue
            result = metric.result()
            found |= result if isinstance(result, dict) else {metric.name: result}
        return {k: _as_number(found[k]) for k in sorted(found)}

    def reset_metrics(self) -> None:
        """Set the metrics back to nothing seen."""
        for metric in self.metrics:
            metric.reset_state()

    # programs -----------------------------------------------------------------------

    def _build_for(self, adapter: Adapter) -> None:
        """Build the model, if need be, for the data's shapes."""
        if getattr(self, "built", True):
            return
        specs = adapter.structure.specs[: adapter.structure.num_x]
        inputs = [KerasTensor((None, *spec.shape), spec.dtype) for spec in specs]
        x = adapter.structure.pack_x(inputs)
        with _building:  # several threads may call a new model's predict at once
            self.build_for_inputs(x)  # type: ignore[attr-defined]

    def _program(self, kind: str, data: Any, size: int) -> Program:
        key: Any = kind
        if kind == "train":
            self._prepare_optimizer()
            # the arena itself, not its id, which a later arena could have again
            key = (kind, self.optimizer._arena)
        return self._programs.get(
            key, lambda: self._step(kind), data, size, self.run_eagerly
        )

    def _prepare_optimizer(self) -> None:
        variables = self.trainable_variables
        if self.optimizer.built:
            require_same_variables(self.optimizer, variables)
        elif variables:
            self.optimizer.build(variables)
        self.optimizer.arrange()

    # fit ----------------------------------------------------------------------------

    def fit(
        self,
        x: Data = None,
        y: Data = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Data = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
    ) -> Any:
        """Train for a number of epochs.

        Args:
            x: Inputs: arrays, data frames, HDF5 data sets, lists, generators, or any
                iterable of batches.
            y: Targets; not with iterables, which yield them.
            batch_size: Samples a batch; 32 by default.
            epochs: Number of the last epoch.
            verbose: 0 nothing, 1 a bar, 2 a line an epoch; "auto": 1 on a terminal, one
                line an epoch in a log.
            callbacks: A list of `keras.callbacks`.
            validation_split: Fraction of the samples, the last ones, kept for
                validation.
            validation_data: `(x, y)`, `(x, y, sample_weight)` or an iterable.
            shuffle: Whether to draw a new order each epoch ("batch": of whole batches).
            class_weight: Weight of each class, by its number.
            sample_weight: Weight of each sample.
            initial_epoch: Number of epochs already done. A model loaded from a file of
                `ModelCheckpoint` goes on bit by bit where that number is the file's.
            steps_per_epoch: Batches an epoch; needed with endless iterables.
            validation_steps: Batches of validation.
            validation_batch_size: Samples a batch in validation; `batch_size` by
                default.
            validation_freq: Epochs between validations, or the epochs to validate
                after.

        Returns:
            The `History` callback: its `history` is a dict of lists, a value an epoch.

        Raises:
            ValueError: The model is not compiled, or arguments do not go together.
        """
        self._require_compiled("fit")
        if validation_split and validation_data is None:
            parts = train_validation_split((x, y, sample_weight), validation_split)
            (x, y, sample_weight), validation_data = parts
        train = make_adapter(
            *(x, y, sample_weight, batch_size, shuffle, steps_per_epoch, class_weight)
        )
        self._build_for(train)
        validation = None
        if validation_data is not None:
            size = validation_batch_size or batch_size
            validation = _validation_adapter(validation_data, size, validation_steps)
        chain = self._callback_list(
            callbacks, verbose, add_history=True, epochs=epochs, steps=train.num_batches
        )
        run = loop.Fit(self, train, validation, chain, host_generator())
        run.run(initial_epoch, epochs, validation_freq)
        return self.history

    def _callback_list(
        self, callbacks: Any, verbose: Any, add_history: bool = False, **params: Any
    ) -> CallbackList:
        if isinstance(callbacks, CallbackList):
            return callbacks
        return CallbackList(
            callbacks,
            add_history=add_history,
            add_progbar=verbose != 0,
            model=self,
            verbose=verbose,
            **params,
        )

    def evaluate(
        self,
        x: Data = None,
        y: Data = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Data = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Return the loss and metrics on data, without training.

        Args:
            x: Inputs, as for `fit`.
            y: Targets.
            batch_size: Samples a batch; 32 by default.
            verbose: As for `fit`.
            sample_weight: Weight of each sample.
            steps: Batches to use; all by default.
            callbacks: A list of callbacks.
            return_dict: Whether to return a dict by name rather than a list.

        Returns:
            The loss alone if there are no metrics, else `[loss, metric, ...]`, or a
            dict.
        """
        self._require_compiled("evaluate")
        adapter = make_adapter(x, y, sample_weight, batch_size, False, steps)
        self._build_for(adapter)
        chain = self._callback_list(
            callbacks, verbose, epochs=1, steps=adapter.num_batches
        )
        logs = loop.evaluate(self, adapter, chain)
        if return_dict:
            return logs
        values = self._in_order(logs)
        return values if len(values) > 1 else values[0]

    def predict(
        self,
        x: Data,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Return the outputs for inputs, as NumPy arrays; safe to call from threads.

        Args:
            x: Inputs, as for `fit`.
            batch_size: Samples a batch; 32 by default.
            verbose: As for `fit`.
            steps: Batches to use; all by default.
            callbacks: A list of callbacks.
        """
        adapter = make_adapter(x, None, None, batch_size, False, steps)
        self._build_for(adapter)
        chain = None
        if callbacks or verbose != 0:
            chain = self._callback_list(
                callbacks, verbose, epochs=1, steps=adapter.num_batches
            )
        return loop.predict(self, adapter, chain)

    # single batches -----------------------------------------------------------------

    def train_on_batch(
        self,
        x: Data,
        y: Data = None,
        sample_weight: Data = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Do one step on one batch; return the metrics of that batch."""
        self._require_compiled("train_on_batch")
        logs = self._run_single("train", x, y, sample_weight, class_weight)
        return self._single_result(logs, return_dict)

    def test_on_batch(
        self,
        x: Data,
        y: Data = None,
        sample_weight: Data = None,
        return_dict: bool = False,
    ) -> Any:
        """Evaluate one batch; return the metrics of that batch."""
        self._require_compiled("test_on_batch")
        logs = self._run_single("test", x, y, sample_weight, None)
        return self._single_result(logs, return_dict)

    def predict_on_batch(self, x: Data) -> Any:
        """Return the outputs for one batch."""
        return loop.predict(self, self._single_adapter(x), None)

    def _single_adapter(self, *data: Any) -> Adapter:
        x, y, sample_weight, class_weight = (*data, None, None, None)[:4]
        adapter = make_adapter(
            x, y, sample_weight, _ALL_SAMPLES, class_weight=class_weight
        )
        self._build_for(adapter)
        return adapter

    def _run_single(self, kind: str, *data: Any) -> dict[str, Any]:
        adapter = self._single_adapter(*data)
        self.reset_metrics()
        with (
            get_backend().execution_scope(),
            loop.Runner(self, kind, adapter) as runner,
        ):
            for batch in adapter.epoch():
                runner.run(batch)
            return runner.logs()

    def _single_result(self, logs: dict[str, Any], return_dict: bool) -> Any:
        if return_dict:
            return logs
        values = self._in_order(logs)
        return values if len(values) > 1 else values[0]

    def _in_order(self, logs: dict[str, Any]) -> list[Any]:
        """Return logs with the loss first, then as compiled, then all others."""
        trackers = self._compile_loss.used_trackers if self._compile_loss else []
        held = self._compile_metrics
        order = held.order(trackers) if held else [t.name for t in trackers]
        rest = [name for name in logs if name not in ("loss", *order)]
        return [logs[name] for name in ("loss", *order, *rest) if name in logs]


def _mean(name: str) -> Any:
    return metrics.Mean(name=name)


def _is_mixed(model: Any) -> bool:
    return getattr(model, "dtype_policy", None) == DTypePolicy("mixed_float16")


def _scaling(optimizer: Any) -> Any:
    if isinstance(optimizer, LossScaleOptimizer):
        return optimizer
    return LossScaleOptimizer(optimizer, name="loss_scale_optimizer")


def _as_number(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value
    host = np.asarray(ops.convert_to_numpy(value))
    return float(host) if host.ndim == 0 else host


def _validation_adapter(data: Any, size: int | None, steps: int | None) -> Adapter:
    if isinstance(data, (list, tuple)):
        x, y, sample_weight = unpack_x_y_sample_weight(tuple(data))
        return make_adapter(x, y, sample_weight, size, False, steps)
    return make_adapter(data, steps=steps)
