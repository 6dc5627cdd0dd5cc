"""Image layers inside models and before them: traced, and as part of a pipeline."""

import numpy as np
import pytest

import kerasish
from kerasish import layers

IMAGES = np.random.default_rng(0).uniform(0, 255, (8, 8, 7, 3)).astype("float32")
RANDOM = {
    "RandomFlip": {},
    "RandomCrop": {"height": 5, "width": 4},
    "RandomRotation": {"factor": 0.2},
    "RandomTranslation": {"height_factor": 0.2, "width_factor": 0.2},
    "RandomZoom": {"height_factor": 0.2},
    "RandomShear": {"x_factor": 0.2},
    "RandomPerspective": {"scale": 0.4},
    "RandomElasticTransform": {},
    "RandomErasing": {},
}


class Always(kerasish.Model):
    """One layer, as in training."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, inputs):
        return self.layer(inputs, training=True)


@pytest.mark.parametrize("name", RANDOM)
def test_compiled_steps_draw_what_eager_calls_draw(name):
    inside, outside = (getattr(layers, name)(**RANDOM[name], seed=1) for _ in range(2))
    model = Always(inside)
    for _ in range(2):
        found = model.predict(IMAGES, batch_size=4, verbose=0)
        expected = np.concatenate([outside(IMAGES[:4]), outside(IMAGES[4:])])
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-3)


def test_a_model_trains_with_them_and_predicts_without():
    model = kerasish.Sequential(
        [
            layers.Input((8, 7, 3)),
            layers.Rescaling(1 / 255),
            layers.RandomFlip(seed=1),
            layers.RandomRotation(0.1, seed=2),
            layers.Resizing(5, 5),
            layers.CenterCrop(4, 4),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    losses = [
        model.train_on_batch(IMAGES, np.ones((8, 1)), return_dict=True)["loss"]
        for _ in range(2)
    ]
    assert losses[0] != losses[1]
    first, second = (model.predict(IMAGES, verbose=0) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_pipeline_on_batches_of_arrays():
    pipeline = layers.Pipeline(
        [layers.RandomFlip("vertical", seed=1), layers.RandomCrop(4, 4, seed=2)]
    )
    found = [pipeline(IMAGES[i : i + 4]) for i in (0, 4)]
    assert [batch.shape for batch in found] == [(4, 4, 4, 3)] * 2


def test_dicts_of_symbols():
    inputs = {"images": layers.Input((8, 7, 3)), "labels": layers.Input((2,))}
    outputs = layers.CenterCrop(4, 5)(inputs)
    assert outputs["images"].shape == (None, 4, 5, 3)
    assert outputs["labels"].shape == (None, 2)
    model = kerasish.Model(inputs, outputs)
    found = model.predict({"images": IMAGES, "labels": np.ones((8, 2))}, verbose=0)
    np.testing.assert_array_equal(found["images"], IMAGES[:, 2:6, 1:6])
