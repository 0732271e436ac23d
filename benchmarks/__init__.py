"""Measurements of Veil, one script each; see README.md."""
