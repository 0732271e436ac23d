"""The REST interface to photos: handing in, reading, changing, deleting, and their plans."""

from typing import Any

from flask import Flask, Response, g, jsonify, request, url_for
from werkzeug.exceptions import PreconditionRequired

from veil import __version__
from veil import plan as plans
from veil.audit.chain import canonical
from veil.audit.page import render
from veil.errors import ConflictError, NoSuchPhotoError, UsageError
from veil.jobs.studio import Studio
from veil.options import Stage, parse, settings
from veil.report import to_dict
from veil.types import Area, Plan, Profile, Style
from veil.web.answers import listing, photo
from veil.web.inputs import OF_RESULTS, chosen, is_photo_id, json_object, json_text
from veil.web.schemas import OUTLINES
from veil.web.words import words

CHANGES: dict[str, type | tuple[type, ...]] = {"looked": bool, "shape": str, "grow": (int, float), "area": str}
"""What can be changed of a photo as a whole."""


def add_photos(app: Flask, studio: Studio) -> None:
    """Add the routes of photos and plans."""

    @app.before_request
    def know_ids() -> None:
        photo_id = (request.view_args or {}).get("photo_id")
        if photo_id is not None and not is_photo_id(photo_id):
            raise NoSuchPhotoError("There is no file with this id; it may have been deleted. Hand it in again.")

    _add_list(app, studio)
    _add_photo(app, studio)
    _add_plan(app, studio)


def _add_list(app: Flask, studio: Studio) -> None:
    @app.get("/api/v1")
    def about() -> Response:
        return jsonify(_about(studio))

    @app.get("/api/v1/photos")
    def photos() -> Response:
        return jsonify(listing(studio, g.owner))

    @app.post("/api/v1/photos")
    def submit() -> tuple[Response, int, dict[str, str]]:
        options = chosen(studio.options, Stage.FIND, *OF_RESULTS)
        if request.mimetype == "multipart/form-data":
            file = request.files.get("photo")
            if file is None:
                raise UsageError("The form has no file called 'photo'; nothing was taken.")
            upload = file.stream
        else:
            upload = request.stream
        job, new = studio.submit(g.owner, upload, options)
        place = {"Location": url_for("facts", photo_id=job.id)}
        return jsonify(photo(studio, job)), 201 if new else 200, place

    @app.delete("/api/v1/photos")
    def delete_all() -> tuple[str, int]:
        studio.delete_all(g.owner)
        return "", 204


def _add_photo(app: Flask, studio: Studio) -> None:
    @app.get("/api/v1/photos/<photo_id>")
    def facts(photo_id: str) -> Response:
        return jsonify(photo(studio, studio.job(g.owner, photo_id)))

    @app.patch("/api/v1/photos/<photo_id>")
    def change(photo_id: str) -> Response:
        wanted = json_object(CHANGES)
        outline = {name: wanted[name] for name in ("shape", "grow", "area") if name in wanted}
        # Read as text, as everywhere, so that the same values are allowed.
        checked = parse({name: str(value) for name, value in outline.items()}, studio.options)
        values = {name: getattr(checked, name) for name in outline}
        return jsonify(photo(studio, studio.update(g.owner, photo_id, looked=wanted.get("looked"), **values)))

    @app.delete("/api/v1/photos/<photo_id>")
    def delete(photo_id: str) -> tuple[str, int]:
        studio.delete(g.owner, photo_id)
        return "", 204


def _add_plan(app: Flask, studio: Studio) -> None:
    @app.get("/api/v1/photos/<photo_id>/plan")
    def plan(photo_id: str) -> Response:
        made, revision = studio.plan(g.owner, photo_id)
        response = _plan(made)
        response.set_etag(revision)
        return response

    @app.put("/api/v1/photos/<photo_id>/plan")
    def put_plan(photo_id: str) -> Response:
        if "If-Match" not in request.headers:
            raise PreconditionRequired(
                "Send If-Match with the ETag of the plan that was changed, so that no other change is lost; "
                "nothing was saved."
            )
        revision = studio.job(g.owner, photo_id).revision
        if not (request.if_match.star_tag or request.if_match.contains(revision)):
            raise ConflictError("The plan has been changed in the meantime; nothing was saved. Read it again.")
        job = studio.put_plan(g.owner, photo_id, plans.from_json(json_text()), revision)
        response = jsonify(photo(studio, job))
        response.set_etag(job.revision)
        return response

    @app.get("/api/v1/photos/<photo_id>/found")
    def found(photo_id: str) -> Response:
        return _plan(studio.found(g.owner, photo_id))

    @app.get("/api/v1/photos/<photo_id>/report")
    def report(photo_id: str) -> Response:
        options = chosen(studio.options, *OF_RESULTS) if request.args else None
        return jsonify(to_dict(studio.report(g.owner, photo_id, options)))

    @app.get("/api/v1/photos/<photo_id>/audit")
    def audit(photo_id: str) -> Response:
        options = chosen(studio.options, *OF_RESULTS)
        return Response(canonical(studio.audit(g.owner, photo_id, options)), mimetype="application/json")

    @app.get("/api/v1/photos/<photo_id>/audit.html")
    def audit_page(photo_id: str) -> Response:
        options = chosen(studio.options, *OF_RESULTS)
        page = render([studio.audit(g.owner, photo_id, options)], words()["language"])
        # To be kept, not shown here: the studio's own rules would take its styles away.
        return Response(page, mimetype="text/html", headers={"Content-Disposition": "attachment"})


def _plan(plan: Plan) -> Response:
    return Response(plans.to_json(plan), mimetype="application/json")


def _about(studio: Studio) -> dict[str, Any]:
    limits = studio.limits
    return {
        "version": __version__,
        "limits": {
            "upload_bytes": limits.upload_bytes,
            "photos": limits.photos,
            "keep_seconds": limits.keep_seconds,
            "max_megapixels": studio.options.max_megapixels,
        },
        "profiles": list(Profile),
        "styles": list(Style),
        "shapes": OUTLINES,
        "areas": list(Area),
        "settings": [
            {
                "name": name,
                "stage": about.stage,
                "help": about.help,
                "default": getattr(studio.options, name),
                "choices": list(about.choices),
                "low": about.low,
                "high": about.high,
            }
            for name, about in settings().items()
            if about.stage is not Stage.READ
        ],
    }
