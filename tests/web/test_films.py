import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.fakes import photo
from tests.jobs.films import FILM, FRAMES, WALKER, filmed
from tests.jobs.loads import spotting
from tests.web.conftest import API, Submit, app_of, client_of, result_of, wait_until
from veil import pipeline_video
from veil import plan as plans
from veil.jobs.limits import Limits
from veil.jobs.opening import open_studio
from veil.jobs.studio import Studio
from veil.keys import box_at
from veil.types import Box, Key, Region, Shape, Span
from veil.web import films


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    with open_studio(tmp_path / "store", load=spotting, limits=Limits(free_bytes=0)) as studio:
        yield studio


@pytest.fixture
def video(submit: Submit) -> dict[str, Any]:
    return submit(filmed())


def test_a_video_is_taken_and_described(video: dict[str, Any]) -> None:
    assert (video["kind"], video["seconds"], video["state"]) == ("video", 1.2, "review")
    known = {"width": 320, "height": 240, "frames": FRAMES, "sound": 0, "subtitles": 0, "screening": True}
    assert video["video"] == known
    assert (video["picture"]["kind"], video["picture"]["frames"], video["extension"]) == ("video", FRAMES, ".mp4")
    assert video["counts"]["doubtful"] > 0


def test_the_copy_is_sent_whole_or_in_parts(video: dict[str, Any], client: FlaskClient) -> None:
    url = f"{API}/{video['id']}/video"
    whole = client.get(url)
    assert (whole.status_code, whole.mimetype, whole.headers["Accept-Ranges"]) == (200, "video/mp4", "bytes")
    assert whole.headers["Cache-Control"] == "no-store"
    part = client.get(url, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, whole.data[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.data)}"
    assert client.get(url, headers={"Range": f"bytes={len(whole.data)}-"}).status_code == 416


def test_a_browser_that_asks_for_much_is_given_a_part(
    video: dict[str, Any], client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(films, "PART_BYTES", 64)
    url = f"{API}/{video['id']}/video"
    whole = client.get(url).data
    for asked, first in (("0-", 0), ("10-", 10), ("-100", len(whole) - 100)):
        part = client.get(url, headers={"Range": f"bytes={asked}"})
        assert part.status_code == 206
        assert part.headers["Content-Range"] == f"bytes {first}-{first + 63}/{len(whole)}"
        assert part.data == whole[first : first + 64]


def test_the_times_of_its_frames(video: dict[str, Any], client: FlaskClient) -> None:
    answer = client.get(f"{API}/{video['id']}/times")
    assert answer.json == {"times": [round(0.04 * index, 6) for index in range(FRAMES)]}


@pytest.mark.parametrize("what", ["video", "times", "frames/0", "people/0"])
def test_what_only_videos_have_is_not_there_for_others(
    submit: Submit, client: FlaskClient, studio: Studio, what: str
) -> None:
    still = submit(photo())
    answer = client.get(f"{API}/{still['id']}/{what}")
    assert (answer.status_code, (answer.json or {})["kind"]) == (409, "not-ready")
    assert still["video"] is None
    assert client.get(f"{API}/{'0' * 32}/{what}").status_code == 404


def test_another_session_sees_none_of_it(video: dict[str, Any], studio: Studio) -> None:
    other = client_of(app_of(studio), "1" * 32)
    for what in ("video", "times", "frames/0", "people/0"):
        assert other.get(f"{API}/{video['id']}/{what}").status_code == 404


@pytest.mark.parametrize(
    ("ending", "query", "kind"),
    [(".mp4", "", "video/mp4"), (".mkv", "", "video/matroska"), (".mkv", "?format=mp4", "video/mp4")],
)
def test_the_result_is_a_video(
    submit: Submit, client: FlaskClient, studio: Studio, ending: str, query: str, kind: str
) -> None:
    video = submit(filmed(FILM, ending))
    result = result_of(client, studio, video["id"], query)
    assert (result.status_code, result.mimetype) == (200, kind)
    told = client.get(f"{API}/{video['id']}/report").json
    assert told is not None
    assert {"doubtful", "dropped"} <= told.keys()


def test_single_frames(video: dict[str, Any], client: FlaskClient) -> None:
    url = f"{API}/{video['id']}/frames"
    plain, covered = client.get(f"{url}/10"), client.get(f"{url}/10?covered=1&style=solid")
    assert (plain.status_code, plain.mimetype, covered.status_code) == (200, "image/jpeg", 200)
    assert plain.data != covered.data
    assert client.get(f"{url}/10?covered=0").data == plain.data
    plan = client.get(f"{API}/{video['id']}/plan").json
    assert plan is not None
    unsaved = client.post(f"{url}/10?style=solid", json=plan)
    assert unsaved.data == covered.data
    assert client.post(f"{url}/10?style=solid", json={**plan, "regions": []}).data == plain.data


@pytest.mark.parametrize(
    ("path", "status"), [("30", 400), ("-1", 404), ("x", 404), ("1?covered=2", 400), ("1?grow=2", 400)]
)
def test_frames_that_cannot_be_shown(video: dict[str, Any], client: FlaskClient, path: str, status: int) -> None:
    assert client.get(f"{API}/{video['id']}/frames/{path}").status_code == status


def test_the_face_of_a_person(video: dict[str, Any], client: FlaskClient) -> None:
    plan = client.get(f"{API}/{video['id']}/plan").json
    assert plan is not None
    answer = client.get(f"{API}/{video['id']}/people/{plan['regions'][0]['track']}")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert client.get(f"{API}/{video['id']}/people/77").status_code == 400


def test_the_plan_of_a_video_is_changed_within_its_limits(
    video: dict[str, Any], client: FlaskClient, studio: Studio
) -> None:
    url = f"{API}/{video['id']}/plan"
    answer = client.get(url)
    plan = answer.json
    assert plan is not None
    (region,) = plan["regions"]
    assert region["keys"]
    assert region["track"] is not None
    match = {"If-Match": answer.headers["ETag"]}
    studio.limits = replace(studio.limits, keys=len(region["keys"]) - 1)
    refused = client.put(url, json=plan, headers=match)
    assert (refused.status_code, (refused.json or {})["kind"]) == (422, "plan")
    studio.limits = replace(studio.limits, keys=len(region["keys"]), video_regions=1, regions=0)
    looked_at = {**plan, "regions": [{**region, "doubtful": []}]}
    saved = client.put(url, json=looked_at, headers=match)
    assert saved.status_code == 200
    assert saved.json is not None
    assert (saved.json["counts"]["doubtful"], saved.json["wants_review"], saved.json["state"]) == (0, False, "done")
    broken = {**plan, "regions": [{**region, "keys": region["keys"][::-1]}]}
    assert client.put(url, json=broken, headers={"If-Match": "*"}).status_code == 422


def test_found_faces_of_a_video_are_given_another_outline(video: dict[str, Any], client: FlaskClient) -> None:
    assert client.patch(f"{API}/{video['id']}", json={"shape": "box", "grow": 2}).status_code == 200
    plan, found = (client.get(f"{API}/{video['id']}/{what}").json or {} for what in ("plan", "found"))
    (after,), (before,) = plan["regions"], found["regions"]
    assert (before["shape"], after["shape"]) == ("ellipse", "box")
    assert [frame for frame, _ in after["keys"]] == [frame for frame, _ in before["keys"]]
    assert after["keys"] != before["keys"]


def test_videos_and_photos_are_packed_together(
    video: dict[str, Any], submit: Submit, client: FlaskClient, studio: Studio
) -> None:
    still = submit(photo())
    results = [result_of(client, studio, each["id"]).data for each in (video, still)]  # it has no sound to keep
    wanted = [{"id": each["id"], "name": name} for each, name in ((video, "a.mp4"), (still, "b.png"))]
    assert result_of(client, studio, video["id"], "?voice=keep").status_code == 200
    answer = client.post("/api/v1/archive?voice=keep", json={"photos": wanted})
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        assert [packed.read(name) for name in ("a.mp4", "b.png")] == results
        assert {about.compress_type for about in packed.infolist()} == {zipfile.ZIP_STORED}
        told = json.loads(packed.read("report.json"))["pictures"]
    assert told[0]["picture"]["kind"] == "video"
    assert told[0]["dropped"] == []
    assert "dropped" not in told[1]


def test_the_real_thing_follows_an_area(video: dict[str, Any], client: FlaskClient, studio: Studio) -> None:
    url = f"{API}/{video['id']}/follow"
    start = WALKER.place(10)
    assert start is not None
    drawn = {"frame": 10, "box": list(start), "shape": "box"}
    wait_until(studio, lambda: client.post(url, json=drawn).status_code == 200)
    region = (client.post(url, json=drawn).json or {})["region"]
    keys = [Key(frame, Box(*box)) for frame, box in region["keys"]]
    for frame in (5, 15, 20, 25):
        place, followed = WALKER.place(frame), box_at(keys, frame)
        assert place is not None
        assert followed is not None
        assert max(abs(one - other) for one, other in zip(place, followed, strict=True)) < 10


DRAWN = {"frame": 3, "box": [10, 20, 60, 80], "shape": "ellipse"}


def still_there(video: Any, frame: int, box: Box, *, shape: Shape, pts: Any, step: Callable[[], None]) -> Region:
    step()
    return replace(plans.drawn(box, shape, Span(frame, FRAMES)), keys=(Key(frame, box), Key(FRAMES - 1, box)))


def test_an_area_is_followed(
    video: dict[str, Any], client: FlaskClient, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline_video, "follow", still_there, raising=False)
    url = f"{API}/{video['id']}/follow"
    asked = client.post(url, json=DRAWN)
    assert (asked.status_code, asked.headers["Retry-After"]) == (202, "1")
    assert (asked.json or {})["state"] == "making"
    wait_until(studio, lambda: client.post(url, json=DRAWN).status_code == 200)
    answer = client.post(url, json=DRAWN).json
    assert answer is not None
    assert answer["state"] == "ready"
    region = answer["region"]
    assert (region["state"], region["shape"], region["frames"]) == ("drawn", "ellipse", [3, FRAMES])
    assert region["keys"] == [[3, DRAWN["box"]], [FRAMES - 1, DRAWN["box"]]]
    plan = client.get(f"{API}/{video['id']}/plan")
    assert plan.json is not None
    changed = {**plan.json, "regions": [*plan.json["regions"], region]}
    saved = client.put(f"{API}/{video['id']}/plan", json=changed, headers={"If-Match": plan.headers["ETag"]})
    assert saved.status_code == 200
    assert client.delete(url, json=DRAWN).status_code == 204
    assert client.delete(url, json=DRAWN).status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"frame": 3, "box": [1, 2, 3, 4]},
        {**DRAWN, "frame": True},
        {**DRAWN, "frame": 99},
        {**DRAWN, "frame": -1},
        {**DRAWN, "frame": 1.5},
        {**DRAWN, "box": [1, 2, 3]},
        {**DRAWN, "box": [1, 2, 3, "4"]},
        {**DRAWN, "box": [1, 2, 3, True]},
        {**DRAWN, "box": [9, 2, 3, 4]},
        {**DRAWN, "box": [1, 2, 10**400, 4]},
        {**DRAWN, "shape": "polygon"},
        {**DRAWN, "more": 1},
    ],
)
def test_what_is_no_area_is_not_followed(video: dict[str, Any], client: FlaskClient, body: dict[str, Any]) -> None:
    for ask in (client.post, client.delete):
        answer = ask(f"{API}/{video['id']}/follow", json=body)
        assert (answer.status_code, (answer.json or {})["kind"]) == (400, "usage")


def test_a_result_can_be_cancelled(video: dict[str, Any], client: FlaskClient) -> None:
    url = f"{API}/{video['id']}/result"
    making = client.post(f"{url}?style=solid")
    assert making.status_code == 202
    assert making.json is not None
    assert set(making.json) == {"state", "done", "total"}
    assert client.delete(f"{url}?style=solid").status_code == 204
    assert client.delete(f"{url}?style=solid").status_code == 204
    assert client.delete(f"{url}?styl=solid").status_code == 400
