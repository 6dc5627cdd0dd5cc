"""Measurements of kerasish beside others; see README.md. Not part of the wheel."""
