"""Measurements of videos: time and memory beside other programs, and what kill -9 leaves."""
