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
from kerasish.errors import explain
from kerasish.graph import tree
from kerasish.graph.gradient import gradients
from kerasish.layers.call_context import current_call
from kerasish.losses.compile import CompileLoss
from kerasish.metrics.compile import CompileMetrics
from kerasish.random import host_generator
from kerasish.saving.serialization import serialize_keras_object
from kerasish.training import loop
from kerasish.training.data import make_adapter, train_validation_split
from kerasish.training.data_adapter import Adapter
from kerasish.training.programs import Program, Programs
from kerasish.utils.packing import unpack_x_y_sample_weight

Data = Any
_ALL_SAMPLES = 1 << 40  # as a batch size

_building = threading.RLock()
# what subclasses of Keras's models may override and ours may not
_KERAS_STEPS = (
    "train_step",
    "test_step",
    "predict_step",
    "compute_metrics",
    "make_train_function",
    "make_test_function",
    "make_predict_function",
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
        self.steps_per_execution = 1
        self._compile_loss: CompileLoss | None = None
        self._compile_metrics: CompileMetrics | None = None
        self._compile_arguments: dict[str, Any] = {}
        self._loss_tracker: Any = None
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
            loss: A name, a `Loss`, or a function of `(y_true, y_pred)`.
            loss_weights: Factor of the loss.
            metrics: Names, metrics or functions; they see no sample weights.
            weighted_metrics: Likewise; they see the sample weights.
            run_eagerly: Whether to compute operation by operation, checking every
                value; slow, for finding faults.
            steps_per_execution: Batches between calls of the batch hooks of callbacks.
            jit_compile: Has no effect: steps are always compiled (see `run_eagerly`).
            auto_scale_loss: Has no effect: losses are not scaled in float32.

        Raises:
            ValueError: A name is unknown (the nearest ones are given), or the class has
                a training step of its own, which would never run.
        """
        self._refuse_own_steps()
        self.optimizer = optimizers.get(optimizer)
        self.loss = loss
        self._compile_loss = CompileLoss(loss, loss_weights) if loss else None
        self._compile_metrics = CompileMetrics(metrics, weighted_metrics)
        self._loss_tracker = _mean("loss")
        self.run_eagerly = run_eagerly
        self.steps_per_execution = int(steps_per_execution)
        self.stop_training = False
        self.compiled = True
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

    def _refuse_own_steps(self) -> None:
        for name in _KERAS_STEPS:
            if hasattr(type(self), name):
                raise ValueError(
                    explain(
                        f"`{type(self).__name__}.{name}` would never be called.",
                        got=f"a class with a method `{name}`",
                        expected="steps in kerasish.ops, which are compiled as a whole",
                        fix="override compute_loss, or write a loop of your own with "
                        "kerasish.value_and_grad and optimizer.apply",
                    )
                )

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
        context = current_call()
        terms.extend(context.losses if context else ())
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

    def _train_step(self, x: Any, y: Any, sample_weight: Any) -> None:
        y_pred = self(x, training=True)  # type: ignore[operator]
        loss = self._tracked_loss(x, y, y_pred, sample_weight, training=True)
        variables = self.trainable_variables
        if variables:  # else all is frozen: only metrics change, as in Keras
            sources = [ops.convert_to_tensor(v) for v in variables]
            self.optimizer.apply(gradients(loss, sources), variables)
        self._update_metrics(y, y_pred, sample_weight)

    def _test_step(self, x: Any, y: Any, sample_weight: Any) -> None:
        y_pred = self(x, training=False)  # type: ignore[operator]
        self._tracked_loss(x, y, y_pred, sample_weight, training=False)
        self._update_metrics(y, y_pred, sample_weight)

    def _predict_step(self, x: Any, y: Any, sample_weight: Any) -> Any:
        return self(x, training=False)  # type: ignore[operator]

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

    def _update_metrics(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        if self._compile_metrics is not None and y is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)

    # metrics ------------------------------------------------------------------------

    @property
    def metrics(self) -> list[Any]:
        """The loss tracker and the metrics compiled in."""
        if not self.compiled:
            return []
        assert self._compile_metrics is not None
        compiled = [self._compile_metrics] if self._compile_metrics.entries else []
        return [self._loss_tracker, *compiled]

    @property
    def metrics_names(self) -> list[str]:
        """Names of `metrics`."""
        return [getattr(m, "name", "compile_metrics") for m in self.metrics]

    def get_metrics_result(self) -> dict[str, float]:
        """Return the metrics so far as floats, in alphabetical order."""
        if not self.compiled:
            return {}
        assert self._compile_metrics is not None
        found = {"loss": self._loss_tracker.result()}
        if self._compile_metrics.built:
            found |= self._compile_metrics.result()
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
        shapes = [(None, *spec.shape) for spec in specs]
        with _building:  # several threads may call a new model's predict at once
            self.build_once(  # type: ignore[attr-defined]
                shapes[0] if len(shapes) == 1 else shapes
            )

    def _program(self, kind: str, data: Any, size: int) -> Program:
        if kind == "predict":
            key: Any = kind
            step: Any = self._predict_step
        elif kind == "test":
            key, step = kind, self._test_step
        else:
            self._prepare_optimizer()
            # the arena itself, not its id, which a later arena could have again
            key, step = (kind, self.optimizer._arena), self._train_step
        return self._programs.get(key, step, data, size, self.run_eagerly)

    def _prepare_optimizer(self) -> None:
        variables = self.trainable_variables
        if self.optimizer.built:
            self._require_same_variables(variables)
        elif variables:
            self.optimizer.build(variables)
        self.optimizer.arrange()

    def _require_same_variables(self, variables: list[Any]) -> None:
        """Raise if layers were frozen, thawed or added since the optimizer was built.

        Keras refuses too: the optimizer's state belongs to certain variables.
        """
        known = self.optimizer._trainable_variables
        if [id(v) for v in known] == [id(v) for v in variables]:
            return
        paths = [v.path for v in {*known} ^ {*variables}]
        raise ValueError(
            explain(
                "The model's trainable weights are not those its optimizer was built "
                "for.",
                got=f"{len(variables)} trainable weights; not in both: "
                + ", ".join(sorted(paths)),
                expected=f"the {len(known)} of the first training step",
                fix="call compile again, with a new optimizer, after changing "
                "`trainable` or adding layers",
            )
        )

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
            initial_epoch: Number of epochs already done.
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
        order = ["loss", *(name for name in logs if name != "loss")]
        assert self._compile_metrics is not None
        if self._compile_metrics.built:
            order = ["loss", *self._compile_metrics.names]
        values = [logs[name] for name in order]
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
        self._run_single("train", x, y, sample_weight, class_weight)
        return self._single_result(return_dict)

    def test_on_batch(
        self,
        x: Data,
        y: Data = None,
        sample_weight: Data = None,
        return_dict: bool = False,
    ) -> Any:
        """Evaluate one batch; return the metrics of that batch."""
        self._require_compiled("test_on_batch")
        self._run_single("test", x, y, sample_weight, None)
        return self._single_result(return_dict)

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

    def _run_single(self, kind: str, *data: Any) -> None:
        adapter = self._single_adapter(*data)
        self.reset_metrics()
        with (
            get_backend().execution_scope(),
            loop.Runner(self, kind, adapter) as runner,
        ):
            for batch in adapter.epoch():
                runner.run(batch)

    def _single_result(self, return_dict: bool) -> Any:
        logs = self.get_metrics_result()
        if return_dict:
            return logs
        assert self._compile_metrics is not None
        values = [logs[n] for n in ("loss", *self._compile_metrics.names) if n in logs]
        return values if len(values) > 1 else values[0]


def _mean(name: str) -> Any:
    return metrics.Mean(name=name)


def _as_number(value: Any) -> Any:
    host = np.asarray(ops.convert_to_numpy(value))
    return float(host) if host.ndim == 0 else host


def _validation_adapter(data: Any, size: int | None, steps: int | None) -> Adapter:
    if isinstance(data, (list, tuple)):
        x, y, sample_weight = unpack_x_y_sample_weight(tuple(data))
        return make_adapter(x, y, sample_weight, size, False, steps)
    return make_adapter(data, steps=steps)
