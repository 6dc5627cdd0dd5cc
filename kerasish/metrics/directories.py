"""The named metrics, and the named functions that metrics are made of.

Two tables, for one name may stand in both: `metrics.get("mean_squared_error")` is a
metric, but the `fn` of a stored `MeanMetricWrapper` is the function of that name.
Filled by the modules that define them and by `kerasish.metrics.lookup`.
"""

from kerasish.saving.registry import Directory

METRICS = Directory("metric", "keras.metrics", make_instances=True)
FUNCTIONS = Directory("metric function", "keras.metrics", make_instances=False)
