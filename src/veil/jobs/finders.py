"""Loaded models, one set a profile, shared by all who work in a process."""

import threading
from typing import Protocol

from veil.detect import Finder


class Load(Protocol):
    """Loads the models of a profile, as detect.load() does."""

    def __call__(self, profile: str, *, streams: int) -> Finder:
        """Return the loaded models."""


class Finders:
    """Loads each profile when it is first asked for, once. Safe to use from several threads.

    Args:
        load: Loads a profile; the function is called by its name in other processes, too, so it belongs to a module.
        streams: How many pictures are looked at side by side.
    """

    def __init__(self, load: Load, streams: int) -> None:
        self.load = load
        self._streams = streams
        self._loaded: dict[str, Finder] = {}
        self._loading = threading.Lock()

    def get(self, profile: str) -> Finder:
        """Return the models of a profile. Those that could not be loaded are tried again next time.

        Raises:
            DetectorError: A model cannot be loaded.
        """
        with self._loading:
            if profile not in self._loaded:
                self._loaded[profile] = self.load(profile, streams=self._streams)
            return self._loaded[profile]
