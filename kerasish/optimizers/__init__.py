"""`keras.optimizers`: rules that turn gradients into new weights."""

from kerasish.optimizers import schedules
from kerasish.optimizers.adam import Adam, AdamW
from kerasish.optimizers.lookup import deserialize, get, serialize
from kerasish.optimizers.optimizer import Optimizer
from kerasish.optimizers.rmsprop import RMSprop
from kerasish.optimizers.sgd import SGD

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]
