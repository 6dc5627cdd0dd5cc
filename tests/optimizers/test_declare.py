import inspect

import pytest

from kerasish import optimizers
from kerasish.optimizers.declare import takes_settings

SETTINGS = [*inspect.signature(optimizers.Optimizer).parameters][1:]


class Rule(optimizers.Optimizer):
    @takes_settings(after="momentum")
    def __init__(self, learning_rate=0.1, momentum=0.5, own=1, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.momentum = momentum
        self.own = own


def test_settings_follow_the_named_argument():
    names = [*inspect.signature(Rule).parameters]
    assert names == ["learning_rate", "momentum", *SETTINGS[:-1], "own", "kwargs"]


def test_settings_may_be_given_by_position():
    rule = Rule(0.2, 0.9, 0.01, 1.0)
    assert (rule.momentum, rule.weight_decay, rule.clipnorm) == (0.9, 0.01, 1.0)
    config = rule.get_config()
    assert (config["momentum"], config["own"], config["clipnorm"]) == (0.9, 1, 1.0)
    assert Rule.from_config(config).get_config() == config


def test_an_unknown_argument_is_refused():
    with pytest.raises(ValueError, match=r"'clip_norm'(.|\n)*did you mean 'clipnorm'"):
        Rule(clip_norm=1.0)
    with pytest.raises(TypeError, match="multiple values"):
        Rule(0.1, learning_rate=0.2)
