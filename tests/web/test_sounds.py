"""Sound over REST: files handed in, heard before and after, altered, fetched, packed."""

import io
import json
import wave
import zipfile
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from jsonschema_rs import Draft202012Validator

from tests.fakes import photo
from tests.jobs.test_sounds import recorded
from tests.voice.hearing import HearsNothing
from tests.voice.speech import RATE
from tests.web.conftest import API, Submit, app_of, client_of, result_of, wait_until
from veil.jobs.studio import Studio
from veil.options import Options
from veil.web.openapi import document

BEEP = "?voice=beep"


@pytest.fixture
def studio(studio: Studio) -> Studio:
    studio.limits = studio._store.limits = type(studio.limits)(free_bytes=0)
    return studio


@pytest.fixture
def talk(submit: Submit) -> dict[str, Any]:
    return submit(recorded())


def fits(name: str, value: Any) -> bool:
    schema = json.loads(json.dumps(document(Options())))
    return bool(Draft202012Validator({**schema, "$ref": f"#/components/schemas/{name}"}).is_valid(value))


def tried(client: FlaskClient, studio: Studio, photo_id: str, query: str = BEEP) -> Any:
    url = f"{API}/{photo_id}/trial{query}"
    wait_until(studio, lambda: client.post(url).status_code != 202)
    return client.post(url)


def heard(data: bytes) -> Any:
    with wave.open(io.BytesIO(data)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float) / 32768


def test_a_sound_file_is_taken_and_described(talk: dict[str, Any], client: FlaskClient) -> None:
    assert (talk["kind"], talk["seconds"], talk["state"], talk["extension"]) == ("sound", 12, "done", ".wav")
    assert (talk["picture"], talk["video"], talk["nothing_found"], talk["heard_nothing"]) == (None, None, False, False)
    sound = talk["sound"]
    assert (sound["format"], sound["rate"], sound["channels"], sound["stretches"]) == ("wav", RATE, 1, 1)
    assert fits("Photo", talk)
    told = client.get(f"{API}/{talk['id']}/hearing").json
    assert told is not None
    ((start, stop),) = told["stretches"]
    assert 3 < start < 4.2 < 6.8 < stop < 9.5
    assert fits("Hearing", told)


def test_the_copy_is_sent_whole_or_in_parts(talk: dict[str, Any], client: FlaskClient) -> None:
    url = f"{API}/{talk['id']}/sound"
    whole = client.get(url)
    assert (whole.status_code, whole.mimetype) == (200, "audio/mpeg")
    part = client.get(url, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, whole.data[100:200])


def test_a_few_seconds_before_and_after(talk: dict[str, Any], client: FlaskClient, studio: Studio) -> None:
    url = f"{API}/{talk['id']}/trial"
    asked = client.post(url + BEEP)
    assert (asked.status_code, asked.headers["Retry-After"]) == (202, "1")
    answer = tried(client, studio, talk["id"]).json
    assert (answer["state"], answer["stretches"]) == ("ready", 1)
    assert fits("Tried", answer)
    before, after = (heard(client.get(answer[which]).data) for which in ("before", "after"))
    assert len(before) == len(after) == 10 * RATE
    changed = np.flatnonzero(before != after)
    assert 2 * RATE < len(changed) < 6 * RATE
    assert np.abs(after[changed]).max() < 0.11
    again = tried(client, studio, talk["id"], "?voice=disguise&at=3").json
    assert (again["start"], again["after"] != answer["after"]) == (2, True)
    assert client.get(answer["after"]).mimetype == "audio/wav"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?voice=keep",
        "?voice=mute",
        f"{BEEP}&at=x",
        f"{BEEP}&at=-1",
        f"{BEEP}&at=nan",
        f"{BEEP}&at=1&at=2",
        "?style=veil",
    ],
)
def test_trials_that_make_no_sense(talk: dict[str, Any], client: FlaskClient, query: str) -> None:
    answer = client.post(f"{API}/{talk['id']}/trial{query}")
    assert (answer.status_code, (answer.json or {})["kind"]) == (400, "usage")


def test_pictures_have_no_sound(submit: Submit, client: FlaskClient, talk: dict[str, Any]) -> None:
    still = submit(photo())
    assert still["sound"] is None
    for what in ("sound", "hearing"):
        assert client.get(f"{API}/{still['id']}/{what}").status_code == 409
    assert client.post(f"{API}/{still['id']}/trial{BEEP}").status_code == 409
    for what in ("plan", "found", "original", "preview", "video", "times"):
        assert client.get(f"{API}/{talk['id']}/{what}").status_code == 409, what
    assert client.get(f"{API}/{talk['id']}/trial/{'0' * 32}/before").status_code == 400


def test_another_session_hears_none_of_it(talk: dict[str, Any], client: FlaskClient, studio: Studio) -> None:
    urls = [f"{API}/{talk['id']}/{what}" for what in ("sound", "hearing")]
    urls.append(tried(client, studio, talk["id"]).json["before"])
    other = client_of(app_of(studio), "1" * 32)
    assert {other.get(url).status_code for url in urls} == {404}
    assert other.post(f"{API}/{talk['id']}/trial{BEEP}").status_code == 404


@pytest.mark.parametrize(
    ("query", "kind"),
    [(BEEP, "audio/wav"), ("?voice=disguise&format=mp3", "audio/mpeg"), (f"{BEEP}&format=flac", "audio/flac")],
)
def test_the_result_is_a_sound_file_and_the_report_speaks_of_sound(
    talk: dict[str, Any], client: FlaskClient, studio: Studio, query: str, kind: str
) -> None:
    assert client.post(f"{API}/{talk['id']}/result").status_code == 400
    result = result_of(client, studio, talk["id"], query)
    assert (result.status_code, result.mimetype) == (200, kind)
    ready = client.post(f"{API}/{talk['id']}/result{query}").json
    assert ready is not None
    assert fits("Ready", ready)
    report = client.get(f"{API}/{talk['id']}/report{query}").json
    assert report is not None
    assert report["altered"] == ready["altered"]
    assert set(report) == {"picture", "dropped", "altered", "output_sha256", "nothing_found", "wants_review"}
    assert fits("Report", report)


def test_no_speech_is_said_loudly(submit: Submit, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veil.pipeline_sound.SpeechNetwork", HearsNothing)
    talk = submit(recorded(), BEEP)
    assert (talk["state"], talk["nothing_found"], talk["heard_nothing"]) == ("review", True, True)
    report = client.get(f"{API}/{talk['id']}/report").json
    assert report is not None
    assert (report["nothing_found"], report["wants_review"]) == (True, True)
    looked = client.patch(f"{API}/{talk['id']}", json={"looked": True}).json
    assert looked is not None
    assert looked["state"] == "done"


def test_sound_and_photos_are_packed_each_with_its_own_settings(
    talk: dict[str, Any], submit: Submit, client: FlaskClient, studio: Studio
) -> None:
    still = submit(photo())
    results = [result_of(client, studio, talk["id"], BEEP).data, result_of(client, studio, still["id"]).data]
    wanted = [{"id": talk["id"], "name": "a.wav", "query": "voice=beep"}, {"id": still["id"], "name": "b.png"}]
    form = {"id": [talk["id"], still["id"]], "name": ["a.wav", "b.png"], "query": ["voice=beep", ""]}
    for answer in (client.post("/api/v1/archive", json={"photos": wanted}), client.post("/api/v1/archive", data=form)):
        with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
            assert [packed.read(name) for name in ("a.wav", "b.png")] == results
            told = json.loads(packed.read("report.json"))["pictures"]
        assert told[0]["altered"]["voice"] == "beep"
    for query in ("grow=2", "x" * 2001, "voice=beep&voice=keep"):
        wanted[0]["query"] = query
        assert client.post("/api/v1/archive", json={"photos": wanted}).status_code == 400
    assert client.post("/api/v1/archive", data={**form, "query": ["voice=beep"]}).status_code == 400
