from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import fakes
from tests.web.conftest import API, OWNER, Submit, result_of
from tests.web.test_photos import FACE, OTHER_FACE, assert_problem, edited
from veil.jobs.results import Result
from veil.jobs.studio import Studio
from veil.media.image import open_picture
from veil.types import Pixels

BLUE = "style=solid&color=0000ff"


def pixels_of(answer: TestResponse) -> Pixels:
    assert answer.status_code == 200, answer.text
    with open_picture(answer.data) as picture:
        return next(iter(picture.frames())).pixels


def test_previews_and_result(client: FlaskClient, submit: Submit, studio: Studio) -> None:
    place = f"{API}/{submit(fakes.photo(FACE))['id']}"
    original, covered = client.get(f"{place}/original"), client.get(f"{place}/preview?{BLUE}")
    assert original.mimetype == covered.mimetype == "image/jpeg"
    assert np.abs(pixels_of(original).astype(int)[60, 115] - fakes.MAGENTA).max() < 30
    assert np.abs(pixels_of(covered).astype(int)[60, 115] - (0, 0, 255)).max() < 30
    answer = result_of(client, studio, place.rsplit("/", 1)[1], f"?{BLUE}")
    assert (answer.mimetype, answer.headers["Content-Disposition"]) == ("image/png", "attachment")
    result = pixels_of(answer)
    assert (result[FACE] == (0, 0, 255)).all()
    assert (result[:30] == 200).all()


def test_each_style_looks_different(client: FlaskClient, submit: Submit) -> None:
    place = f"{API}/{submit(fakes.photo(FACE))['id']}/preview"
    queries = ["style=veil", "style=solid", "style=mosaic", "style=gaussian", BLUE, "style=veil&boxes=true"]
    assert len({client.get(f"{place}?{query}").data for query in queries}) == len(queries)


def test_unsaved_changes_are_seen_but_not_kept(client: FlaskClient, submit: Submit) -> None:
    facts = submit(fakes.photo(FACE))
    plan, tag = edited(client, facts["id"], state="kept")
    bare = pixels_of(client.post(f"{API}/{facts['id']}/preview?{BLUE}", json=plan)).astype(int)
    assert np.abs(bare[60, 115] - fakes.MAGENTA).max() < 30
    assert client.get(f"{API}/{facts['id']}/plan").headers["ETag"] == tag


@pytest.mark.parametrize(
    "query", ["profile=fast", "format=png", "grow=2", "style=none", "strength=nan", "style=veil&style=solid"]
)
def test_previews_take_settings_of_covering_only(client: FlaskClient, submit: Submit, query: str) -> None:
    place = f"{API}/{submit(fakes.photo(FACE))['id']}"
    plan, _ = edited(client, place.rsplit("/", 1)[1])
    assert_problem(client.get(f"{place}/preview?{query}"), 400, "usage")
    assert_problem(client.post(f"{place}/preview?{query}", json=plan), 400, "usage")


@pytest.mark.parametrize("query", ["profile=fast", "region=0,0,1,1", "format=exe", "quality=0"])
def test_results_take_settings_of_covering_and_writing(client: FlaskClient, submit: Submit, query: str) -> None:
    place = f"{API}/{submit(fakes.photo(FACE))['id']}/result?{query}"
    for method in ("GET", "POST", "HEAD"):
        assert client.open(place, method=method).status_code == 400


@pytest.mark.parametrize(
    ("format", "mimetype", "extension"),
    [
        ("jpeg", "image/jpeg", ".jpg"),
        ("webp", "image/webp", ".webp"),
        ("tiff", "image/tiff", ".tif"),
        ("bmp", "image/bmp", ".bmp"),
        ("heic", "image/heic", ".heic"),
    ],
)
def test_a_result_keeps_the_format(
    client: FlaskClient, submit: Submit, studio: Studio, format: str, mimetype: str, extension: str
) -> None:
    facts = submit(fakes.photo(FACE, format=format))
    answer = result_of(client, studio, facts["id"], f"?{BLUE}")
    assert answer.mimetype == mimetype
    with open_picture(answer.data) as picture:
        assert picture.facts.format == format
    ready = client.post(f"{API}/{facts['id']}/result?{BLUE}").json
    assert ready is not None
    assert (ready["extension"], facts["extension"]) == (extension, extension)


def test_a_result_is_asked_for_and_then_fetched(client: FlaskClient, submit: Submit, studio: Studio) -> None:
    place = f"{API}/{submit(fakes.photo(FACE))['id']}/result?{BLUE}&format=webp&quality=50"
    whole = result_of(client, studio, place.split("/")[4], place[place.index("?") :])
    answer = client.post(place)
    assert answer.status_code == 200
    assert answer.json == {
        "state": "ready",
        "url": place,
        "extension": ".webp",
        "bytes": len(whole.data),
        "altered": None,
        "dropped": [],
    }
    assert client.get(answer.json["url"]).data == whole.data


def test_head_tells_the_size_without_the_file(client: FlaskClient, submit: Submit, studio: Studio) -> None:
    facts = submit(fakes.photo(FACE))
    whole = result_of(client, studio, facts["id"])
    answer = client.head(f"{API}/{facts['id']}/result")
    assert (answer.status_code, answer.data, answer.content_length) == (200, b"", len(whole.data))


def test_head_works_wherever_get_does(app: Flask, client: FlaskClient, submit: Submit, studio: Studio) -> None:
    facts = submit(fakes.photo(FACE))
    result_of(client, studio, facts["id"])
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and "filename" not in str(rule)]
    assert len(rules) > 10
    for rule in rules:
        path = str(rule).replace("<photo_id>", facts["id"])
        if path != "/api/v1/events":  # which lasts a minute
            shown, told = client.get(path), client.head(path)
            assert (told.status_code, told.mimetype, told.data) == (shown.status_code, shown.mimetype, b"")


def test_a_result_follows_the_plan(client: FlaskClient, submit: Submit, studio: Studio) -> None:
    facts = submit(fakes.photo(FACE, OTHER_FACE))
    before = pixels_of(result_of(client, studio, facts["id"], f"?{BLUE}"))
    plan, tag = edited(client, facts["id"], state="kept")
    assert client.put(f"{API}/{facts['id']}/plan", json=plan, headers={"If-Match": tag}).status_code == 200
    after = pixels_of(result_of(client, studio, facts["id"], f"?{BLUE}"))
    assert (before[FACE] == (0, 0, 255)).all() and (after[FACE] == fakes.MAGENTA).all()
    assert (after[OTHER_FACE] == (0, 0, 255)).all()


def test_a_result_that_vanishes_is_made_again(
    client: FlaskClient, submit: Submit, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the plan changes between the question and the answer."""
    facts = submit(fakes.photo(FACE))
    result_of(client, studio, facts["id"])
    made = studio.request_result

    def gone(*args: Any) -> Result:
        result = made(*args)
        if result.path is not None:
            result.path.unlink()
        return result

    monkeypatch.setattr(studio, "request_result", gone)
    for method in ("GET", "HEAD"):
        answer = client.open(f"{API}/{facts['id']}/result", method=method)
        assert (answer.status_code, answer.headers["Retry-After"]) == (202, "1")


def test_a_result_stays_whole_while_it_is_sent(client: FlaskClient, submit: Submit, studio: Studio) -> None:
    facts = submit(fakes.photo(FACE))
    whole = result_of(client, studio, facts["id"]).data
    answer = client.get(f"{API}/{facts['id']}/result", buffered=False)
    studio.delete(OWNER, facts["id"])
    assert answer.data == whole
    answer.close()
    assert_problem(client.get(f"{API}/{facts['id']}/result"), 404, "no-such-photo")
