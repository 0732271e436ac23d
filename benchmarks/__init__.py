"""Measurements of Veil, one command each; see README.md."""
