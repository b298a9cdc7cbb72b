"""The OpenAPI document is true: what schemathesis makes of it finds no answer that it does not describe."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import holdall
from holdall.query import MapReduce, View
from holdall.server import Scope, Tokens
from holdall.server.access import ADMIN
from tests.soak import SOAK

HERE = Path(__file__).parent / "schemathesis"


class Note(NamedTuple):
    text: str
    times: list[int] = []


def get(http, token=None):
    by = {"Authorization": f"Bearer {token}"} if token else {}
    return http("GET", "/v1/openapi.json", **by).json()


@pytest.fixture(scope="module")
def notes():
    notes = holdall.Versions(holdall.Json(holdall.Memory()))
    notes.update({"a": 1, "b": {"c": [1]}})
    notes["a"] = 2
    return notes


@pytest.fixture(scope="module")
def stores(notes):
    return {
        "notes": notes,
        "typed": holdall.Json(holdall.Memory(), Note),
        "files": holdall.Memory(),
        "texts": holdall.Text(holdall.Memory()),
    }


def test_each_store_has_the_paths_that_it_can_answer(serving, stores):
    with serving(stores) as http:
        document = get(http)
    paths = document["paths"]
    assert document["openapi"] == "3.1.0"
    assert paths["/v1/notes/history/{key}"].keys() == {"parameters", "get", "head"}
    assert "/v1/files/history/{key}" not in paths
    assert "patch" in paths["/v1/notes/docs/{key}"]
    assert "patch" not in paths["/v1/files/docs/{key}"]
    media = {
        store: next(iter(paths[f"/v1/{store}/docs/{{key}}"]["put"]["requestBody"]["content"]))
        for store in stores
    }
    assert media == {
        "notes": "application/json",
        "typed": "application/json",
        "files": "application/octet-stream",
        "texts": "text/plain",
    }
    schemas = document["components"]["schemas"]
    assert schemas["values.typed"] == {"$ref": "#/components/schemas/values.typed.Note"}
    assert schemas["values.typed.Note"]["prefixItems"][0] == {"type": "string"}


def test_every_reference_leads_somewhere(serving, stores):
    with serving(stores) as http:
        text = http("GET", "/v1/openapi.json").data.decode()
        document = get(http)
    for reference in set(re.findall(r'"\$ref":"#/([^"]*)"', text)):
        found = document
        for part in reference.split("/"):
            found = found[part]


def test_a_sender_sees_the_stores_that_it_may_read(serving, stores):
    kept = holdall.Memory()
    token = Tokens(kept).add("ada", [Scope("files", "a/")])
    with serving(stores, tokens=kept) as http:
        document = get(http, token)
        assert http("GET", "/v1/openapi.json").status == 401
    named = {path.split("/")[2].partition(":")[0] for path in document["paths"] if path.startswith("/v1/")}
    assert named == {"openapi.json", "files"}
    assert document["security"] == [{"token": []}]
    assert document["paths"]["/healthz"]["get"]["security"] == []


@pytest.mark.servers
@pytest.mark.timeout(1800)
def test_schemathesis_finds_no_failure(serving, notes, tmp_path):
    kept = holdall.Memory()
    token = Tokens(kept).add("tester", [Scope("*", write=True), ADMIN])
    views = {"notes": [View(notes, MapReduce(lambda key, note: [(key[:1], 1)], "count"), name="count")]}
    command = [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "--config-file",
        str(HERE / "schemathesis.toml"),
        "run",
    ]
    command += ["--checks", "all", "--max-examples", "10", "--continue-on-failure", "--no-color"]
    command += ["--suppress-health-check", "all", *([] if SOAK else ["--seed", "1"])]
    limits = {"seconds": 1}  # the time of a stream of events
    options = {"tokens": kept, "views": views, "threads": 8, "limits": limits}
    with serving({"notes": notes}, max_body=16 << 20, **options) as http:
        command += [f"{http.url}/v1/openapi.json", "-H", f"Authorization: Bearer {token}"]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py")},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    assert int(re.search(r"([0-9]+) generated", done.stdout)[1]) > 1_000
