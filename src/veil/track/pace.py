"""Which frames to look at, and how closely: detectors cost a hundred times what following motion costs.

The more moves, the sooner the next look, since what moves turns, hides and appears. What a look misses in between is
made up for by following its faces back. Most looks may be glances, at a third of the cost: small faces, which only a
full look shows, are followed from one full look to the next.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from veil.track.flow import Flow

MOVING = 0.9  # the tenth of the picture that moves most tells: people move, the wall behind them does not


class Wanted(IntEnum):
    """How closely a frame is to be looked at; false where it need not be."""

    NOTHING = 0
    GLANCE = 1  # for faces that are not small
    LOOK = 2


@dataclass(frozen=True, slots=True)
class Pace:
    """When to look again. The first frame of each shot is always looked at in full.

    Attributes:
        longest: Seconds after which to look, even if nothing moves.
        motion: How far what moves may go without a look, as a share of the picture's height.
        full: Seconds after a full look until the next one, less than trails are long; 0 where all are full.
    """

    longest: float = 0.4
    motion: float = 0.07
    full: float = 0.8


EVERY_FRAME = Pace(longest=0, motion=0, full=0)


def moved(motion: Flow, height: int) -> float:
    """Return how far what moves went between two frames, as a share of the picture's height.

    Args:
        motion: Flow between the two.
        height: Of the picture, in pixels.
    """
    x, y = motion.vectors[..., 0], motion.vectors[..., 1]
    return float(np.sqrt(np.quantile(x * x + y * y, MOVING))) / height
