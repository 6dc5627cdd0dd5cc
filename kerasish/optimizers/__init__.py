"""`keras.optimizers`: rules that turn gradients into new weights."""

from kerasish.optimizers import schedules
from kerasish.optimizers.adafactor import Adafactor
from kerasish.optimizers.adagrad import Adadelta, Adagrad
from kerasish.optimizers.adam import Adam, AdamW
from kerasish.optimizers.adam_variants import Adamax, Lamb, Nadam
from kerasish.optimizers.ftrl import Ftrl
from kerasish.optimizers.lion import Lion
from kerasish.optimizers.lookup import deserialize, get, serialize
from kerasish.optimizers.loss_scale import LossScaleOptimizer
from kerasish.optimizers.multi import MultiOptimizer, OptimizerMap
from kerasish.optimizers.muon import Muon
from kerasish.optimizers.optimizer import Optimizer
from kerasish.optimizers.rmsprop import RMSprop
from kerasish.optimizers.schedule_free import ScheduleFreeAdamW
from kerasish.optimizers.sgd import SGD

__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "MultiOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "OptimizerMap",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]
