"""A variational autoencoder (VAE) with a `train_step` of its own draws new digits.

The encoder says where in a space of four numbers a digit lies, and how surely; a point
drawn there becomes a picture again. The loss (Kingma and Welling, 2014, equation 10)
is how badly it fits, plus how far the encoder's answer is from a standard normal
distribution: points drawn from that become digits that nobody wrote.

What to look at: `train_step`, written in operations; `value_and_grad` gives gradients.
(Keras has no such function: there, a step of one's own depends on the backend.)
"""

import argparse

import numpy as np

import kerasish as keras
from kerasish import layers, ops


class VAE(keras.Model):
    """Encoder and decoder of 64 pixels, trained together; `size` numbers between."""

    def __init__(self, size, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        self.encoder = make_dense(2 * size)
        self.decoder = make_dense(64)
        self.seeds = keras.random.SeedGenerator(seed)
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.kl_tracker = keras.metrics.Mean(name="kl")

    def call(self, x):
        mean, log_variance = ops.split(self.encoder(x), 2, axis=-1)
        noise = keras.random.normal(ops.shape(mean), seed=self.seeds)
        point = mean + ops.exp(0.5 * log_variance) * noise
        return self.decoder(point), mean, log_variance

    def tracked_loss(self, x):
        """Return the mean loss of the pictures of a batch, in nats."""
        logits, mean, log_variance = self(x)
        misfit = 64 * ops.binary_crossentropy(x, logits, from_logits=True)
        kl = -0.5 * (1 + log_variance - ops.square(mean) - ops.exp(log_variance))
        losses = ops.mean(misfit, axis=-1) + ops.sum(kl, axis=-1)
        self.loss_tracker.update_state(losses)
        self.kl_tracker.update_state(ops.sum(kl, axis=-1))
        return ops.mean(losses)

    def train_step(self, x):
        variables = self.trainable_variables
        step = keras.value_and_grad(self.tracked_loss, variables=variables)
        _, gradients = step(x)
        self.optimizer.apply(gradients, variables)
        return {m.name: m.result() for m in self.metrics}

    def test_step(self, x):
        self.tracked_loss(x)
        return {m.name: m.result() for m in self.metrics}

    @property
    def metrics(self):
        return [self.loss_tracker, self.kl_tracker]

    def draw(self, count):
        """Return new pictures, pixels in [0, 1], of shape (count, 64)."""
        points = keras.random.normal((count, self.size), seed=self.seeds)
        return ops.convert_to_numpy(ops.sigmoid(self.decoder(points)))


def make_dense(units):
    return keras.Sequential([layers.Dense(128, activation="relu"), layers.Dense(units)])


def main(seed=0, epochs=40):
    """Return the test loss, the loss of knowing only mean pixels, and new digits."""
    keras.utils.set_random_seed(seed)
    pairs = keras.datasets.digits.load_data()
    x_train, x_test = (x.reshape(-1, 64).astype("float32") / 16 for x, _ in pairs)
    vae = VAE(size=4, seed=seed)
    vae.compile(optimizer=keras.optimizers.Adam(3e-3))
    vae.fit(x_train, batch_size=32, epochs=epochs, verbose=2)

    found = vae.evaluate(x_test, return_dict=True, verbose=0)
    p = np.clip(x_train.mean(axis=0), 1e-3, 1 - 1e-3)
    guess = -np.sum(x_test * np.log(p) + (1 - x_test) * np.log(1 - p), axis=1).mean()
    print(f"loss {found['loss']:.2f} nats a picture; of the mean picture {guess:.2f}")
    drawn = vae.draw(8)
    for row in drawn.reshape(8, 8, 8).swapaxes(0, 1):  # eight pictures side by side
        print("  ".join("".join(" .:*#"[int(4.99 * p)] for p in line) for line in row))
    return found | {"guess": guess, "drawn": drawn}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=40)
    main(**vars(parser.parse_args()))
