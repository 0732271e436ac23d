"""Cover everybody but the person in front: find, change the plan, cover.

python examples/review_plan.py party.jpg safe.jpg
"""

import sys
from dataclasses import replace

import veil
from veil.types import Plan, Region, State


def main(photo: str, result: str) -> None:
    """Cover all faces that are certain or only suggested, and leave the largest one visible."""
    plan = reviewed(veil.find(photo))
    report = veil.cover(photo, plan, output=result)
    print(f"Faces covered: {report.covered}, left visible: {report.kept}")


def reviewed(plan: Plan) -> Plan:
    """Return the plan as a person decided: each region's state says what is done with it."""
    certain = [region for region in plan.regions if region.state is State.COVERED]
    largest = max(certain, key=area, default=None)
    regions = [replace(each, state=State.KEPT if each is largest else State.COVERED) for each in plan.regions]
    return replace(plan, regions=tuple(regions))


def area(region: Region) -> float:
    """Return the size of a region's box, in square pixels."""
    return region.box.width * region.box.height


if __name__ == "__main__":
    main(*sys.argv[1:])
