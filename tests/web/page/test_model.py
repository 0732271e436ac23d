"""The page's own sums, without the page: regions, outlines, the view, undo. Run in the browser, where they live."""

import json
from typing import Any

import pytest

from tests.web.page.driver import Page

PLAN = {
    "veil_plan": 1,
    "regions": [
        {"box": [10, 10, 30, 40], "shape": "ellipse", "state": "covered", "score": 0.9, "face": [12, 12, 28, 38]},
        {"box": [50, 10, 60, 20], "shape": "box", "state": "suggested", "score": 0.3, "face": [51, 11, 59, 19]},
        {"box": [5, 5, 80, 80], "shape": "ellipse", "state": "suggested", "score": 0.2, "face": None, "frames": [2, 5]},
    ],
}
SIZE = {"width": 100, "height": 80}


@pytest.fixture
def run(page: Page) -> Any:
    """Runs a script that knows the modules ``model`` and ``geometry``, the PLAN and its ``regions``."""
    page.open()

    def run(script: str, *values: Any) -> Any:
        return page.promised(
            "const model = await import('/static/model.js'), geometry = await import('/static/geometry.js');"
            f"const plan = JSON.parse(values[0]), size = {json.dumps(SIZE)}, regions = model.regionsOf(plan);"
            f"const [first, second, third] = regions.map(({{uid}}) => uid); values = values.slice(1); {script}",
            json.dumps(PLAN),
            *values,
        )

    return run


def test_a_plan_comes_back_as_it_was(run: Any) -> None:
    assert run("return model.planOf(plan, regions)") == PLAN
    assert (
        run(
            "model.toggled(regions, first); model.moved(regions, first, 5, 5, size); return model.planOf(plan, regions)"
        )
        == PLAN
    )


def test_states(run: Any) -> None:
    states = "const states = (all) => all.map(({state}) => state);"
    assert run(f"{states} return states(model.toggled(regions, first))") == ["kept", "suggested", "suggested"]
    assert run(f"{states} return states(model.toggled(regions, second))") == ["covered", "covered", "suggested"]
    twice = "model.toggled(model.toggled(regions, second), second)"
    assert run(f"{states} return states({twice})") == ["covered", "kept", "suggested"]
    assert run(f"{states} return states(model.settled(regions, true))") == ["covered"] * 3
    assert run(f"{states} return states(model.settled(regions, false))") == ["covered", "kept", "kept"]
    assert run("return model.counted(regions)") == {
        "covered": 1,
        "drawn": 0,
        "kept": 0,
        "suggested": 2,
        "doubtful": 0,
    }


def test_a_drawn_region_stays_drawn_when_it_is_covered_again(run: Any) -> None:
    drawn = "const one = model.drawn('box', [[20, 30], [10, 5]], size, 1); const all = [one];"
    assert run(f"{drawn} return one.box") == [10, 5, 20, 30]
    assert run(f"{drawn} return model.toggled(all, one.uid)[0].state") == "kept"
    assert run(f"{drawn} return model.toggled(model.toggled(all, one.uid), one.uid)[0].state") == "drawn"
    assert run(f"{drawn} return model.removed(all, one.uid)") == []
    assert run("return model.removed(regions, first)[0].state") == "kept"


def test_drawn_regions_stay_in_the_picture(run: Any) -> None:
    assert run("return model.drawn('ellipse', [[-20, -20], [50, 500]], size, 1).box") == [0, 0, 50, 80]
    assert run("return model.drawn('box', [[10, 10], [11, 30]], size, 3)") is None
    assert run("return model.drawn('box', [[-30, 10], [-10, 30]], size, 3)") is None
    region = run("return model.drawn('polygon', [[-10, 10], [50, -5], [120, 40], [50, 90]], size, 3)")
    assert region["outline"] == [[0, 10], [50, 0], [100, 40], [50, 80]]
    assert region["box"] == [0, 0, 100, 80]


def test_an_area_placed_by_key_has_any_shape(run: Any) -> None:
    for shape in ("box", "ellipse", "polygon"):
        region = run(f"return model.dropped('{shape}', [20, 20, 60, 60], size)")
        assert (region["shape"], region["box"]) == (shape, [20, 20, 60, 60])


def test_what_was_put_by_hand_has_no_face_left(run: Any) -> None:
    moved = run("return model.moved(regions, first, 7.123456, -3, size)[0]")
    assert (moved["box"], moved["face"], moved["state"], moved["score"]) == (
        [17.12, 7, 37.12, 37],
        None,
        "covered",
        0.9,
    )
    resized = run("return model.resized(regions, first, 'se', 10, -100)[0]")
    assert resized["box"] == [10, 10, 40, 14]
    assert run("return model.resized(regions, first, 'nw', 5, 6)[0].box") == [15, 16, 30, 40]
    lost = run("return model.moved(regions, first, 1e6, 1e6, size)[0].box")
    assert (lost[0] + lost[2]) / 2 == 100
    assert (lost[1] + lost[3]) / 2 == 80


def test_outlines_move_and_stretch_with_their_box(run: Any) -> None:
    shape = "const one = model.drawn('polygon', [[10, 10], [30, 10], [20, 30]], size, 1);"
    assert run(f"{shape} return model.moved([one], one.uid, 5, 5, size)[0].outline") == [[15, 15], [35, 15], [25, 35]]
    wide = run(f"{shape} return model.resized([one], one.uid, 'e', 20, 0)[0]")
    assert wide["outline"] == [[10, 10], [50, 10], [30, 30]]
    assert wide["box"] == [10, 10, 50, 30]


def test_orders(run: Any) -> None:
    """Doubtful first, in the frame where they are seen; small ones on top of large ones."""
    assert run("return model.listed(regions).map(({score}) => score)") == [0.3, 0.2, 0.9]
    assert run("return model.listed(model.settled(regions, true)).map(({score}) => score)") == [0.3, 0.2, 0.9]
    assert run("return model.stacked(regions).map(({score}) => score)") == [0.2, 0.9, 0.3]


def test_a_refit_keeps_who_is_who(run: Any) -> None:
    assert (
        run("return model.regionsOf(plan, regions).map(({uid}) => uid).join() === [first, second, third].join()")
        is True
    )
    fewer = "model.regionsOf({regions: plan.regions.slice(1)}, regions)"
    assert run(f"return {fewer}.some(({{uid}}) => [first, second, third].includes(uid))") is False


def test_patches_between_two_previews(run: Any) -> None:
    told = "const told = (a, b) => { const {bare, fresh} = model.patches(a, b); return [bare.length, fresh.length]; };"
    assert run(f"{told} return told(regions, regions)") == [0, 0]
    assert run(f"{told} return told(regions, model.toggled(regions, first))") == [1, 0]
    assert run(f"{told} return told(regions, model.toggled(regions, second))") == [0, 1]
    assert run(f"{told} return told(regions, model.moved(regions, first, 20, 0, size))") == [1, 1]
    # What a bared area would uncover of another one is covered again.
    both = "const both = model.settled(regions, true);"
    assert run(f"{told} {both} return told(both, model.toggled(both, first))") == [1, 1]


def test_undo_and_redo(run: Any) -> None:
    script = (
        "const history = new model.History(0); const seen = [];"
        "history.push(1); history.push(2); history.amend(3); history.undo(); seen.push(history.state);"
        "history.redo(); seen.push(history.state); history.undo(); history.undo(); "
        "seen.push(history.state, history.undo());"
        "history.push(9); seen.push(history.canRedo, history.redo(), history.state); return seen;"
    )
    assert run(script) == [1, 3, 0, False, False, False, 9]


def test_lines_are_simplified_but_keep_their_way(run: Any) -> None:
    assert run("return geometry.simplified([[0, 0], [1, 0.01], [2, 0], [2, 2]], 0.1)") == [[0, 0], [2, 0], [2, 2]]
    wild = "const wild = Array.from({length: 5000}, (_, n) => [n % 97, (n * 31) % 89]);"
    assert 3 <= run(f"{wild} return geometry.simplified(wild, 0).length") <= 300
    away = (
        "const turns = Array.from({length: 4000}, (_, n) => n / 636.6);"
        "const circle = turns.map((turn) => [50 + 40 * Math.cos(turn), 40 + 40 * Math.sin(turn)]);"
        "const far = ([x, y]) => Math.abs(Math.hypot(x - 50, y - 40) - 40);"
        "return Math.max(...geometry.simplified(circle, 0.5).map(far))"
    )
    assert run(away) < 0.6
    assert run("return geometry.simplified([[5, 5]], 1)") == [[5, 5]]


def test_the_view(run: Any) -> None:
    room = "const room = {width: 200, height: 200};"
    fitting = run(f"{room} return geometry.fitting(size, room, 10)")
    assert fitting == {"scale": 1.8, "x": 10, "y": 28}
    around = f"{room} const view = geometry.zoomed({json.dumps(fitting)}, 2, [100, 100], 0.1);"
    assert run(f"{around} return geometry.toPicture(view, [100, 100])") == [50, 40]
    assert run(f"{around} return geometry.zoomed(view, 100, [0, 0], 0.1).scale") == 16
    assert run(f"{around} return geometry.zoomed(view, 0.001, [0, 0], 0.5).scale") == 0.5
    lost = run(f"{room} return geometry.kept({{scale: 1, x: 5000, y: -5000}}, size, room)")
    assert lost == {"scale": 1, "x": 150, "y": -30}
    shown = run(f"{room} return geometry.showing({{scale: 10, x: 0, y: 0}}, [40, 40, 42, 42], room, 20)")
    assert (shown["x"], shown["y"]) == (-240, -240)
