"""Veil finds every face in photos and covers it so that nobody can tell who it was."""
