"""Following faces through a clip. Knows neither detectors nor codecs.

First a Watcher sees all frames and is told what a detector finds in some of them, as the Pace has it. It keeps numbers,
not pictures.
Then, with the whole clip known, tracks() joins the detections of each face, forwards and backwards, judges whether it
is one, and tells where it is in every frame. How and how well: docs/tracking.md.
"""

from veil.track.flow import grey_of, small_grey
from veil.track.follow import Followed, Follower, follow_in, followed
from veil.track.keys import thinned
from veil.track.outcome import Track, tracks
from veil.track.pace import EVERY_FRAME, Pace, Wanted
from veil.track.paths import Presence
from veil.track.watch import Sighting, Watched, Watcher

__all__ = [
    "EVERY_FRAME",
    "Followed",
    "Follower",
    "Pace",
    "Presence",
    "Sighting",
    "Track",
    "Wanted",
    "Watched",
    "Watcher",
    "follow_in",
    "followed",
    "grey_of",
    "small_grey",
    "thinned",
    "tracks",
]
