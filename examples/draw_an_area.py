"""Cover every face and one thing that no model looks for, such as a number plate.

python examples/draw_an_area.py street.jpg safe.jpg 410 520 560 555
"""

import sys
from dataclasses import replace

import veil
from veil.plan import drawn
from veil.types import Box, Shape


def main(photo: str, result: str, plate: Box) -> None:
    """Write ``result`` with all faces covered by ellipses and the plate by a box."""
    plan = veil.find(photo)
    plan = replace(plan, regions=(*plan.regions, drawn(plate, Shape.BOX)))
    report = veil.cover(photo, plan, veil.Options(style="solid", color=(40, 40, 40)), output=result)
    print(f"Faces covered: {report.covered}, areas drawn by hand: {report.drawn}")


if __name__ == "__main__":
    left, top, right, bottom = (float(side) for side in sys.argv[3:])
    main(sys.argv[1], sys.argv[2], Box(left, top, right, bottom))
