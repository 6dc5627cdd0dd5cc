"""`keras.preprocessing.sequence`: older home of `pad_sequences`."""

from kerasish.utils.sequence import pad_sequences

__all__ = ["pad_sequences"]
