import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema_rs import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests import fakes
from tests.web.conftest import API, Submit
from tests.web.test_photos import FACE
from veil import plan as plans
from veil.options import Options, Stage, settings
from veil.web.openapi import document

OF_PEOPLE = {"/", "/docs", "/login", "/logout", "/language", "/static/<path:filename>"}
"""Routes that are no part of the interface for programs."""


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return document(Options())


def test_the_description_is_valid(described: dict[str, Any]) -> None:
    assert list(OpenAPIV31SpecValidator(json.loads(json.dumps(described))).iter_errors()) == []


def test_every_route_is_described_and_every_description_is_a_route(app: Flask, described: dict[str, Any]) -> None:
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule not in OF_PEOPLE
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    told = {(path, method) for path, item in described["paths"].items() for method in item if method != "parameters"}
    assert told == routes


def test_every_setting_is_described_where_it_is_taken(described: dict[str, Any]) -> None:
    def named(path: str, method: str) -> set[str]:
        item = described["paths"][path]
        every = [*item.get("parameters", []), *item[method].get("parameters", [])]
        return {each["name"] for each in every if each["in"] == "query"}

    def of(*stages: Stage) -> set[str]:
        return {name for name, about in settings().items() if about.stage in stages}

    one = f"{API}/{{photo_id}}"
    assert named(API, "post") == of(Stage.FIND, Stage.COVER, Stage.WRITE, Stage.CHECK)
    assert named(f"{one}/preview", "get") == named(f"{one}/preview", "post") == of(Stage.COVER)
    for path, method in ((f"{one}/result", "get"), (f"{one}/result", "post"), ("/api/v1/archive", "post")):
        assert named(path, method) == of(Stage.COVER, Stage.WRITE, Stage.CHECK)


def test_names_of_operations_are_unique(described: dict[str, Any]) -> None:
    names = [
        each["operationId"] for item in described["paths"].values() for each in item.values() if "operationId" in each
    ]
    assert len(names) == len(set(names))


def test_every_schema_is_used(described: dict[str, Any]) -> None:
    used = set(re.findall(r"#/components/schemas/([\w-]+)", json.dumps(described)))
    assert used == set(described["components"]["schemas"])


def test_it_is_served_as_described(client: FlaskClient, described: dict[str, Any]) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert answer.json == json.loads(json.dumps(described))


def test_the_servers_own_defaults_are_told() -> None:
    made = document(Options(style="solid"))
    parameters = made["paths"][f"{API}/{{photo_id}}/preview"]["parameters"]
    assert next(each for each in parameters if each["name"] == "style")["schema"]["default"] == "solid"


def test_the_plan_is_described_as_it_is_checked(client: FlaskClient, submit: Submit, described: dict[str, Any]) -> None:
    schema = {"$ref": "#/components/schemas/Plan", "components": described["components"]}
    check = Draft202012Validator(schema)
    facts = submit(fakes.photo(FACE))
    plan = client.get(f"{API}/{facts['id']}/plan").json
    assert plan is not None
    assert check.is_valid(plan)
    assert plans.from_json(json.dumps(plan))
    plan["regions"][0]["state"] = "bare"
    assert not check.is_valid(plan)
