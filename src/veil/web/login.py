"""Logging in with the token, and logging out, for people; programs send the token with each request."""

from flask import Flask, g, redirect, render_template, request
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response as AnyResponse

from veil.jobs.studio import Studio
from veil.web.access import Access, Attempts
from veil.web.guard import (
    PASS_COOKIE,
    SESSION_COOKIE,
    address,
    refuse_for_now,
    renew_session,
    set_cookie,
)
from veil.web.words import words


def add_login(app: Flask, studio: Studio, access: Access, attempts: Attempts) -> None:
    """Add /login and /logout."""

    @app.route("/login", methods=["GET", "POST"])
    def login() -> AnyResponse:
        if not access.protected:
            return redirect("/", 303)
        if request.method != "POST":
            return _form()
        try:
            refuse_for_now(attempts)
        except TooManyRequests as refusal:
            return _form(429, "wait", retry_after=str(refusal.retry_after))
        # A manager of passwords or a line copied from a file may add a space or a line's end.
        if not access.is_token(request.form.get("token", "").strip()):
            attempts.failed(address())
            return _form(403, "wrong")
        response = redirect("/", 303)
        # A session of before could have been planted by somebody who knows it.
        set_cookie(response, PASS_COOKIE, access.make_pass(renew_session()))
        return response

    @app.post("/logout")
    def logout() -> AnyResponse:
        studio.delete_all(g.owner)  # nobody could reach them any more
        response = redirect("/login" if access.protected else "/", 303)
        response.delete_cookie(PASS_COOKIE, httponly=True, samesite="Strict")
        response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="Strict")
        g.new_session = False
        return response


def _form(status: int = 200, problem: str = "", *, retry_after: str = "") -> AnyResponse:
    response = AnyResponse(render_template("login.html", problem=problem, **words()), status, mimetype="text/html")
    if retry_after:
        response.headers["Retry-After"] = retry_after
    return response
