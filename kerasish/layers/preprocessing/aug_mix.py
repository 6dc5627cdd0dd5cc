"""Images mixed with several versions of themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops, random
from kerasish.layers.preprocessing.colour_layer import LEVELS, blended
from kerasish.layers.preprocessing.composed import ComposedLayer
from kerasish.saving.registry import public

# what robustness is often measured against, and so may be left out
_CORRUPTIONS = frozenset(
    (
        "RandomBrightness",
        "RandomColorDegeneration",
        "RandomContrast",
        "RandomSharpness",
    )
)


@public("keras.layers")
class AugMix(ComposedLayer):
    """Each image mixed with a mean of versions changed in several chains, in training.

    Labels, boxes and masks stay as they are.

    Args:
        value_range: Least and greatest value of a channel.
        num_chains: How many versions.
        chain_depth: How many changes lead to each; one in twelve is left out.
        factor: How strong they are: a pair of bounds in [0, 1], or a number f for
            (0, f).
        alpha: Parameter of the Dirichlet distribution of the versions' weights, and of
            the Beta distribution of the original's.
        all_ops: Whether to use changes of brightness, contrast, colour and sharpness
            too.
        interpolation: Of what moves pixels: "bilinear" or "nearest".
        seed: Number for repeatable draws.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    References:
        Hendrycks et al., "AugMix: A Simple Data Processing Method to Improve Robustness
        and Uncertainty", ICLR 2020.
    """

    def __init__(
        self,
        value_range: Sequence[float] = LEVELS,
        num_chains: int = 3,
        chain_depth: int = 3,
        factor: Any = 0.3,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.all_ops = all_ops
        super().__init__(
            value_range, factor, interpolation, seed, data_format, **kwargs
        )
        self.num_chains = num_chains
        self.chain_depth = chain_depth
        self.alpha = alpha

    def _choices(self) -> list[tuple[Any, dict[str, Any]]]:
        every = super()._choices()
        if self.all_ops:
            return every
        return [choice for choice in every if choice[0].__name__ not in _CORRUPTIONS]

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return what to do in each chain, and how to mix.

        "chain_mixing_weights" (num_chains,), "weight_sample" (), the original's share,
        and "chain_transforms", for each chain "transforms", of each layer by name, and
        "layer_idxes" (chain_depth,). Keras's form of a chain is understood too: a list
        of "layer_name" and "transformation".
        """
        if not training:
            return None
        seed = self._seed(seed)
        weights = random.gamma((self.num_chains,), self.alpha, seed=seed)
        # a few gammas of a small alpha can all be 0
        total = ops.maximum(ops.sum(weights), 1e-30)
        return {
            "chain_mixing_weights": ops.divide(weights, total),
            "weight_sample": random.beta((), self.alpha, self.alpha, seed=seed),
            "chain_transforms": [
                self._draw_chain(data, seed) for _ in range(self.num_chains)
            ],
        }

    def _draw_chain(self, data: Any, seed: Any) -> dict[str, Any]:
        below = len(self._steps) + 1  # the last changes nothing
        return {
            "transforms": self._draw_transforms(data, seed),
            "layer_idxes": self._draw_indices(self.chain_depth, below, seed),
        }

    def _coloured(self, images: Any, transformation: Any) -> Any:
        weights = transformation["chain_mixing_weights"]
        mean = ops.zeros_like(images)
        for i, chain in enumerate(transformation["chain_transforms"]):
            weight = ops.cast(weights[i], self.compute_dtype)
            version = self._version(images, chain)
            mean = ops.add(mean, ops.multiply(version, weight))
        share = ops.cast(transformation["weight_sample"], self.compute_dtype)
        return blended(mean, images, share)

    def _version(self, images: Any, chain: Any) -> Any:
        if isinstance(chain, dict):
            return self._applied("transform_images", images, chain)
        for step in chain:
            layer = self._steps[step["layer_name"]]
            images = layer.transform_images(images, step["transformation"])
        return images
