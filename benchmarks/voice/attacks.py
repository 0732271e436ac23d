"""Attackers who compare voices, and how often they are right.

Each speaker is enrolled with half of the recordings and tried with the others, against speakers of the same sex alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.voice.speakers import Utterance

Vectors = NDArray[np.float64]

LOW_RATE = 0.01
"""The share of strangers taken for somebody else at which recognition is reported, too."""


@dataclass(frozen=True, slots=True)
class Trials:
    """Scores of comparisons.

    Attributes:
        own: Of recordings of the enrolled speaker.
        others: Of recordings of other speakers.
    """

    own: NDArray[np.float64]
    others: NDArray[np.float64]

    @property
    def equal_error_rate(self) -> float:
        """The share of mistakes at the threshold at which speakers are missed as often as strangers are accepted."""
        thresholds = np.append(np.unique(np.concatenate([self.own, self.others])), np.inf)
        missed = np.searchsorted(np.sort(self.own), thresholds) / len(self.own)
        accepted = 1 - np.searchsorted(np.sort(self.others), thresholds) / len(self.others)
        at = int(np.abs(missed - accepted).argmin())
        return float((missed[at] + accepted[at]) / 2)

    @property
    def recognised(self) -> float:
        """The share of speakers recognised when one in a hundred strangers is taken for them."""
        threshold = np.quantile(self.others, 1 - LOW_RATE)
        return float((self.own > threshold).mean())


def compare(
    enrolled: Vectors, tried: Vectors, utterances: Sequence[Utterance], *, splits: int, seed: int = 0
) -> list[Trials]:
    """Return the trials of each sex.

    Args:
        enrolled: What is known of each utterance where it is used for enrolment, shape (utterances, n), length 1.
        tried: The same where it is tried.
        utterances: Whose they are.
        splits: How many times recordings are divided at random.
        seed: Of the divisions.
    """
    found = []
    for sex in sorted({one.sex for one in utterances}):
        random = np.random.default_rng(seed)
        speakers = sorted({one.speaker for one in utterances if one.sex == sex})
        of = {name: [at for at, one in enumerate(utterances) if one.speaker == name] for name in speakers}
        own: list[Vectors] = []
        others: list[Vectors] = []
        for _ in range(splits):
            shuffled = {name: random.permutation(places) for name, places in of.items()}
            models = {name: _model(enrolled[places[: len(places) // 2]]) for name, places in shuffled.items()}
            for claimed in speakers:
                for name in speakers:
                    scores = tried[shuffled[name][len(of[name]) // 2 :]] @ models[claimed]
                    (own if name == claimed else others).append(scores)
        found.append(Trials(np.concatenate(own), np.concatenate(others)))
    return found


def _model(vectors: Vectors) -> Vectors:
    return _of_length_1(vectors.mean(0))


def _of_length_1(vectors: Vectors) -> Vectors:
    scaled: Vectors = vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-9)
    return scaled


def trained(vectors: Vectors, speakers: Sequence[str], components: int, kept: int) -> Callable[[Vectors], Vectors]:
    """Return what an attacker makes of vectors after learning from altered recordings of other speakers.

    Principal components, then those directions in which speakers differ most beside what differs within them (LDA).

    Args:
        vectors: What is known of altered recordings, shape (recordings, n).
        speakers: Whose each is.
        components: How many principal components are used.
        kept: How many directions.
    """
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    if vectors.std(0).max() < 1e-3:
        return np.zeros_like  # all recordings are alike, so there is nothing to learn
    components = min(components, *vectors.shape)
    reduced = PCA(components, whiten=True, random_state=0).fit(vectors)
    kept = min(kept, components, len(set(speakers)) - 1)
    directions = LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.1, n_components=kept)
    directions.fit(reduced.transform(vectors), list(speakers))

    def project(others: Vectors) -> Vectors:
        projected: Vectors = directions.transform(reduced.transform(others))
        return _of_length_1(projected)

    return project
