import numpy as np
import pytest

from veil import boxes
from veil.types import Box

SQUARES = boxes.stack([Box(0, 0, 10, 10), Box(1, 0, 11, 10), Box(50, 50, 60, 60)])


def test_stack_of_nothing_has_four_columns() -> None:
    assert boxes.stack([]).shape == (0, 4)


def test_area_of_a_box_turned_inside_out_is_nothing() -> None:
    assert boxes.area(boxes.stack([Box(0, 0, 4, 5), Box(4, 0, 0, 5), Box(4, 5, 0, 0)])).tolist() == [20, 0, 0]


def test_iou() -> None:
    np.testing.assert_allclose(boxes.iou(SQUARES, SQUARES[:1])[:, 0], [1, 90 / 110, 0])


def test_iou_of_empty_boxes_is_zero() -> None:
    empty = boxes.stack([Box(3, 3, 3, 3)])
    assert boxes.iou(empty, empty).tolist() == [[0]]


def test_groups_put_each_box_in_one_group_best_first() -> None:
    found = [group.tolist() for group in boxes.groups(SQUARES, np.array([0.5, 0.9, 0.7]), 0.5)]
    assert found == [[1, 0], [2]]


def test_nms_keeps_empty_boxes_rather_than_losing_them() -> None:
    assert boxes.nms(boxes.stack([Box(3, 3, 3, 3)]), np.array([0.5]), 0.5).tolist() == [0]


def test_nms_does_not_depend_on_the_order_of_arrival() -> None:
    random = np.random.default_rng(1)
    low = random.uniform(0, 100, (60, 2))
    crowd = np.hstack([low, low + random.uniform(5, 40, (60, 2))])
    scores = random.choice([0.3, 0.6, 0.9], 60)
    shuffle = random.permutation(60)
    straight = crowd[boxes.nms(crowd, scores, 0.4)]
    shuffled = crowd[shuffle][boxes.nms(crowd[shuffle], scores[shuffle], 0.4)]
    np.testing.assert_array_equal(straight, shuffled)


def test_grow_keeps_the_centre() -> None:
    assert boxes.grow(boxes.stack([Box(10, 20, 30, 60)]), 1.5).tolist() == [[5, 10, 35, 70]]


@pytest.mark.parametrize(("height", "threshold"), [(5, 0.1), (15.9, 0.1), (16, 0.2), (31, 0.2), (32, 0.3), (900, 0.3)])
def test_thresholds_rise_at_their_limits(height: float, threshold: float) -> None:
    steps = [(16, 0.1), (32, 0.2), (64, 0.3)]
    assert boxes.thresholds(np.array([height]), steps).tolist() == [threshold]


@pytest.mark.parametrize(
    ("box", "touches"),
    [
        pytest.param(Box(-5, -5, 0.1, 0.1), True, id="corner"),
        pytest.param(Box(-5, -5, 0, 0), False, id="ends-at-the-edge"),
        pytest.param(Box(20, 0, 30, 10), False, id="begins-at-the-edge"),
        pytest.param(Box(19.9, 9.9, 30, 30), True, id="last-pixel"),
        pytest.param(Box(4, 4, 4, 8), False, id="empty"),
    ],
)
def test_touches(box: Box, touches: bool) -> None:
    assert boxes.touches(boxes.stack([box]), 20, 10).tolist() == [touches]


def test_round_out_takes_every_pixel_that_is_touched_and_stays_inside() -> None:
    assert boxes.round_out(Box(-3.5, 1.1, 4.01, 9.9), 20, 10) == (slice(1, 10), slice(0, 5))
    assert boxes.round_out(Box(30, 30, 40, 40), 20, 10) == (slice(30, 10), slice(30, 20))
