"""How well do altered voices hide who spoke, and how well can the words still be understood?

    python benchmarks/voice FOLDER
    python benchmarks/voice FOLDER --mode disguise --recogniser whisper-base/ --words 40
    python benchmarks/voice FOLDER --plot voices.png --json voices.json

FOLDER holds test.json and attacker.json, lists of {"file": "test/a.flac", "speaker": "1", "sex": "F", "text": "words"
or null}: several recordings of each speaker of the first, one or more of each of the second, who are other people.

Three attackers compare voices with the network Resemblyzer. The ignorant one has original recordings of the speakers
and does not know that voices are altered. The lazy one alters them, too, which draws other voices. The trained one has
besides learned, from altered recordings of the speakers of attacker.json, what of a voice is left. Their equal error
rate is 0 where they are always right, and 50 % where they might as well toss a coin. Speakers are compared with those
of their own sex alone. benchmarks/README.md says the rest.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from math import nan
from pathlib import Path
from random import Random
from statistics import fmean

import numpy as np

from benchmarks.voice.attacks import Trials, Vectors, compare, trained
from benchmarks.voice.drawing import plot
from benchmarks.voice.modes import Alter, Samples, modes
from benchmarks.voice.results import Result, as_json, table
from benchmarks.voice.speakers import ATTACKER, RATE, TEST, Utterance, read_list, read_sound
from benchmarks.voice.verifier import Verifier, statistics
from benchmarks.voice.words import Recogniser, word_error_rate

PARTS = 3
"""Into how many parts a recording for learning is cut; each gets a voice of its own."""

LEARNED = ((40, 20), (60, 30), (100, 40), (150, 60))
"""How many components and directions the trained attacker keeps. The best on the test is reported: it favours them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table and write what was asked for; return the exit code."""
    options = _options(arguments)
    utterances = read_list(options.folder, TEST)
    learning = read_list(options.folder, ATTACKER)
    sounds = [read_sound(one) for one in utterances]
    verifier = Verifier()
    recogniser = Recogniser(options.recogniser) if options.recogniser else None
    originals = np.array([verifier.know(sound) for sound in sounds])
    results = {}
    for name in options.mode:
        alter = modes(Random(options.seed))[name]
        started = time.process_time()
        altered = [alter(sound) for sound in sounds]
        speed = sum(map(len, sounds)) / RATE / max(time.process_time() - started, 1e-9)
        known = np.array([verifier.know(sound) for sound in altered])
        best = _train(verifier, alter, learning, altered, utterances, known, splits=options.splits)
        results[name] = Result(
            ignorant=_equal(compare(originals, known, utterances, splits=options.splits)),
            lazy=_equal(compare(known, known, utterances, splits=options.splits)),
            trained=_equal(best),
            recognised=fmean(trials.recognised for trials in best),
            words=_misread(recogniser, altered, utterances, options.words) if recogniser else nan,
            speed=speed,
        )
        print(table({name: results[name]}).splitlines()[-1], file=sys.stderr, flush=True)
    print(table(results))
    if options.json:
        options.json.write_text(json.dumps(as_json(results), indent=2) + "\n")
    if options.plot:
        plot(results, options.plot)
    return 0


def _equal(trials: Sequence[Trials]) -> float:
    return fmean(each.equal_error_rate for each in trials)


def _train(
    verifier: Verifier,
    alter: Alter,
    learning: Sequence[Utterance],
    altered: Sequence[Samples],
    utterances: Sequence[Utterance],
    known: Vectors,
    *,
    splits: int,
) -> list[Trials]:
    """Return the trials of the best attacker who learned from altered recordings of other speakers."""
    parts, speakers = [], []
    for one in learning:
        for part in np.array_split(read_sound(one), PARTS):
            parts.append(alter(part))
            speakers.append(one.speaker)
    plain = np.array([statistics(sound) for sound in parts])
    spread = np.maximum(plain.std(0), 1e-2)
    learned = np.array([verifier.know(sound) for sound in parts])
    tested = np.array([statistics(sound) for sound in altered]) / spread
    views = [
        (learned, known),
        (plain / spread, tested),
        (np.hstack([learned * 16, plain / spread]), np.hstack([known * 16, tested])),
    ]
    found = []
    for seen, tried in views:
        for components, kept in LEARNED:
            projected = trained(seen, speakers, components, kept)(tried)
            found.append(compare(projected, projected, utterances, splits=splits))
    return min(found, key=_equal)


def _misread(recogniser: Recogniser, altered: Sequence[Samples], utterances: Sequence[Utterance], most: int) -> float:
    """Return the word error rate over evenly chosen recordings whose text is known."""
    with_text = [at for at, one in enumerate(utterances) if one.text]
    chosen = [with_text[round(place)] for place in np.linspace(0, len(with_text) - 1, min(most, len(with_text)))]
    return word_error_rate([(utterances[at].text or "", recogniser.read(altered[at])) for at in chosen])


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python benchmarks/voice",
        description=(__doc__ or "").strip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = list(modes(Random()))
    parser.add_argument("folder", type=Path, help="with test.json, attacker.json and the recordings")
    parser.add_argument("--mode", action="append", choices=names, help="what is measured; all modes if not given")
    parser.add_argument("--splits", type=int, default=20, help="divisions into enrolment and trial (default: 20)")
    parser.add_argument("--recogniser", type=Path, metavar="FOLDER", help="a Whisper model for faster-whisper")
    parser.add_argument("--words", type=int, default=40, help="recordings that it listens to (default: 40)")
    parser.add_argument("--seed", type=int, default=0, help="of the voices that are drawn (default: 0)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw hiding against understanding")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    options = parser.parse_args(arguments)
    options.mode = options.mode or names
    return options
