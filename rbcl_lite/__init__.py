"""Backward-compatible training for person re-identification: the package behind the book New Model, Old Gallery."""
