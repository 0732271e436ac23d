"""Cover the faces in uploaded photos: bytes in, bytes out; nothing is kept and nothing touches the disk.

flask --app examples/cover_upload.py run
curl --data-binary @party.jpg http://127.0.0.1:5000/ -o safe.jpg
"""

from flask import Flask, Response, request

import veil

LARGEST_UPLOAD = 50_000_000  # bytes


def create_app() -> Flask:
    """Return a service that answers a posted photo with the covered one."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_UPLOAD
    options = veil.Options(max_megapixels=50)
    finder = veil.load_finder(options.profile)

    @app.post("/")
    def cover() -> Response:
        photo = request.get_data()
        plan = veil.find(photo, options, finder=finder)
        safe = veil.cover(photo, plan, options)
        return Response(safe, mimetype=f"image/{plan.picture.format}")

    @app.errorhandler(veil.VeilError)
    def refuse(error: veil.VeilError) -> Response:
        return Response(f"{error}\n", error.http_status, mimetype="text/plain")

    return app
