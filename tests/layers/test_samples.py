"""The table of samples is complete: the contract holds for every layer there is."""

from kerasish import layers
from tests.layers.samples import APART, SAMPLES, registered_layers


def test_every_registered_layer_has_a_sample():
    assert registered_layers() == sorted([*SAMPLES, *APART])


def test_every_registered_layer_is_public():
    assert set(registered_layers()) <= set(layers.__all__)
