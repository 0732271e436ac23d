"""Cover the faces in all photos of a folder, several at a time, with models that are loaded once.

python examples/cover_folder.py photos/ safe/
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import veil

WORKERS = os.cpu_count() or 1


def main(photos: Path, results: Path) -> int:
    """Write each photo under its own name into ``results``; return how many failed."""
    options = veil.Options(profile="balanced")
    finder = veil.load_finder(options.profile, streams=WORKERS)

    def cover(photo: Path) -> str:
        """Cover one photo and say how it went; a photo that fails leaves nothing behind and stops no other."""
        try:
            report = veil.anonymise(photo, options, finder=finder, output=results / photo.name)
        except veil.VeilError as error:
            return f"FAILED {photo.name}: {error}"
        return f"{'review' if report.wants_review else 'done'} {photo.name}: {report.covered} faces"

    with ThreadPoolExecutor(WORKERS) as pool:
        lines = list(pool.map(cover, sorted(path for path in photos.iterdir() if path.is_file())))
    print("\n".join(lines))
    return sum(line.startswith("FAILED") for line in lines)


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1]), Path(sys.argv[2])) else 0)
