"""Cover every face in one photo.

python examples/cover_one_photo.py party.jpg safe.jpg
"""

import sys

import veil


def main(photo: str, result: str) -> None:
    """Write ``result``, which must not exist yet, and say what a person should look at."""
    report = veil.anonymise(photo, output=result)
    print(f"Faces covered: {report.covered}")
    if report.nothing_found:
        print("No face was found. Please look whether that is true.")
    elif report.suggested:
        print(f"Perhaps faces, left visible: {report.suggested}. Please look at the photo.")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except veil.VeilError as error:  # nothing was written
        sys.exit(str(error))
