"""Whether a chain of sightings is a face, which all of them together say.

A sighting weighs as much as its score is above the one from which a face of its height is covered in a still. Neither
one weak sighting makes a face, nor a few among many looks that saw next to nothing there: a face is seen again and
again, what looks like one at times is not.
"""

import numpy as np

from veil import boxes
from veil.boxes import Numbers
from veil.track.link import Chain
from veil.track.watch import Steps

BEST = 5  # sightings that tell how clear a face is at its clearest
LEAST = 3  # of these, where so many looks could have shown it; missing ones weigh nothing
STAYING = 0.53  # what all looks within a chain tell of a face together: from 0.5 to 0.55 no labelled one is lost

FACE = (0.9, 1.3)  # strength from which a chain is covered, if it is small and if it is large
SHARES = (0.0003, 0.04)  # of the picture that these take: a large area covered for nothing costs most
DOUBTFUL = 1 / 3  # strength from which a person should look: one sighting that would be covered in a still
CERTAIN = 3.0  # strength from which a face is taken to be there for a while before and after it was seen


def weights(chain: Chain, cover: Steps) -> Numbers:
    """Return how far each sighting is above what is covered in a still: 1 is just enough, shape (n,)."""
    places = boxes.stack([each.seen.box for each in chain])
    scores = np.array([each.seen.score for each in chain], np.float64)
    return np.asarray(scores / boxes.thresholds(places[:, 3] - places[:, 1], cover))


def strength(chain: Chain, cover: Steps, looks: int, chances: int) -> float:
    """Return how sure a chain is a face, as a multiple of what is just enough.

    Args:
        chain: Its sightings.
        cover: (height, score) steps, as in boxes.thresholds: what a face needs to be covered in a still.
        looks: How many frames were looked at from its first sighting to its last.
        chances: The same, with those just before and after, in which it could have been seen. There are few in a video
            of one frame, of slides, or with seconds between its frames.
    """
    known = np.sort(weights(chain, cover))[::-1]
    clear = known[:BEST].sum() / max(min(len(known), BEST), min(LEAST, chances))
    staying = (np.sqrt(known).sum() / looks) ** 2  # many weak sightings tell more than a few strong ones
    return float(min(clear, staying / STAYING))


def needed(chain: Chain, width: int, height: int) -> float:
    """Return the strength from which a chain is covered in a picture of that size."""
    share = np.median(boxes.area(boxes.stack([each.seen.box for each in chain]))) / (width * height)
    return float(np.interp(np.log(max(share, SHARES[0])), np.log(SHARES), FACE))
