"""The REST interface to sound: a copy to listen to, where speech is, and a few seconds before and after."""

from flask import Flask, Response, g, jsonify, request, url_for

from veil.errors import UsageError
from veil.jobs.studio import Studio
from veil.options import Stage
from veil.web.films import send_parts
from veil.web.inputs import LONGEST_VALUE, chosen
from veil.web.pictures import making

AT = "at"


def add_sounds(app: Flask, studio: Studio) -> None:
    """Add the routes of sound."""

    @app.get("/api/v1/photos/<photo_id>/sound")
    def sound(photo_id: str) -> Response:
        return send_parts(studio.listening(g.owner, photo_id), "audio/mpeg")

    @app.get("/api/v1/photos/<photo_id>/hearing")
    def hearing(photo_id: str) -> Response:
        told = studio.hearing(g.owner, photo_id)
        stretches = [[round(place / told.rate, 3) for place in each] for each in told.heard.stretches]
        return jsonify(stretches=stretches, peaks=told.peaks)

    @app.post("/api/v1/photos/<photo_id>/trial")
    def try_out(photo_id: str) -> Response | tuple[Response, int, dict[str, str]]:
        options = chosen(studio.options, Stage.WRITE, besides=frozenset({AT}))
        tried = studio.try_out(g.owner, photo_id, options, _place())
        trial = tried.trial
        if trial.problem is not None:
            raise trial.problem.error()
        if trial.stretches is None:
            return making(tried.progress)
        urls = {which: url_for("heard", photo_id=photo_id, key=trial.key, which=which) for which in ("before", "after")}
        return jsonify(state="ready", start=trial.start, stretches=trial.stretches, **urls)

    @app.get("/api/v1/photos/<photo_id>/trial/<key>/<which>")
    def heard(photo_id: str, key: str, which: str) -> Response:
        return send_parts(studio.trial(g.owner, photo_id, key, which), "audio/wav")


def _place() -> float | None:
    """Return the place in the query, in seconds; None if there is none.

    Raises:
        UsageError: It is no number.
    """
    texts = request.args.getlist(AT)
    if not texts:
        return None
    try:
        if len(texts) == 1 and len(texts[0]) <= LONGEST_VALUE:
            return float(texts[0])
    except ValueError:
        pass
    raise UsageError(f"{AT} is not one number of seconds; nothing was made.")
