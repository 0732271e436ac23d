"""The recipe that Veil grew from covers the network's own boxes and nothing more."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from benchmarks.recall.faces import Labelled
from benchmarks.recall.looks import judge_look
from benchmarks.recall.seed import load_seed, own_box, seed_look
from PIL import Image

from tests import fakes
from tests.benchmarks.recall.samples import painted
from veil.detect import blazeface
from veil.types import Box, Detection, Shape


def whole(box: Box) -> Box:
    """Return what the back end makes of a box of the network."""
    (made,) = blazeface.whole_face(np.array([box]), blazeface._NETWORKS["full"].lift)
    return Box(*made.tolist())


class Seeing:
    """Sees boxes as the back end gives them."""

    name = "blazeface-full"

    def __init__(self, *boxes: Box) -> None:
        self._boxes = boxes

    def detect(self, pixels: object, /) -> list[Detection]:
        return [Detection(whole(box), 0.5, self.name) for box in self._boxes]


def test_boxes_are_the_networks_own() -> None:
    own = Box(10, 20, 50, 70)
    assert whole(own) != own
    assert own_box(whole(own)) == pytest.approx(own)


def test_faces_under_20_pixels_are_left_out(tmp_path: Path) -> None:
    large, small = Box(10, 20, 31, 40.5), Box(100, 20, 140, 39.5)
    assert whole(small).height > 20
    seen = seed_look(Labelled(painted(tmp_path), (), (300, 200)), Seeing(large, small))
    (region,) = seen.regions
    assert region.box == pytest.approx(large) and region.shape is Shape.BOX
    assert seen.size == (300, 200) and len(seen.detections) == 2 and seen.seconds > 0
    assert judge_look(seen).spilled == 21 * 21


def test_failing_network_stops_all(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="failed while looking"):
        seed_look(Labelled(painted(tmp_path), ()), fakes.Crashing())


@pytest.mark.model
def test_the_real_network_sees_a_face(tmp_path: Path) -> None:
    Image.fromarray(skimage.data.astronaut()).save(tmp_path / "photo.png")  # type: ignore[no-untyped-call]
    seen = seed_look(Labelled(tmp_path / "photo.png", ()), load_seed())
    (region,) = seen.regions
    assert region.box.left < 225 < region.box.right and region.box.top < 120 < region.box.bottom
    assert all(each.score >= 0.3 for each in seen.detections)
