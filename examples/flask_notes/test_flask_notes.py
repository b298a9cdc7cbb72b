"""The tests of the app: each of them on SQLite and in a bucket of S3. Only the variable HOLDALL_URI differs."""

from uuid import uuid4

import pytest
from flask_notes import Note, create_app

import holdall


@pytest.fixture
def sqlite(tmp_path):
    return f"sqlite:///{tmp_path}/notes.db"


@pytest.fixture
def s3(holdall_s3):
    """The address of a bucket of the server that holdall's pytest plugin starts or simulates."""
    server = f"&endpoint_url={holdall_s3}" if holdall_s3 else ""
    return f"s3://notes-{uuid4().hex}?create=1{server}"


@pytest.fixture
def start(monkeypatch):
    """Start the app with HOLDALL_URI, and return a client."""
    apps = []

    def start(uri):
        monkeypatch.setenv("HOLDALL_URI", uri)
        apps.append(create_app())
        return apps[-1].test_client()

    yield start
    for app in apps:
        app.extensions["notes"].close()


@pytest.fixture(params=["sqlite", "s3"])
def client(request, start):
    return start(request.getfixturevalue(request.param))


def test_a_note_is_written_read_listed_and_deleted(client):
    assert client.put("/notes/trip/food", json={"title": "Food", "lines": ["tea"]}).status_code == 204
    assert client.get("/notes/trip/food").json == {"title": "Food", "lines": ["tea"]}
    assert client.post("/notes/trip/bags", json="rope").json == {"title": "trip/bags", "lines": ["rope"]}
    assert client.get("/notes?prefix=trip/").json == {"trip/bags": "trip/bags", "trip/food": "Food"}
    assert client.delete("/notes/trip/food").status_code == 204
    assert client.get("/notes/trip/food").status_code == 404


def test_the_body_is_json_even_if_its_type_is_that_of_a_form_as_curl_says(client):
    form = {"content_type": "application/x-www-form-urlencoded"}
    assert client.put("/notes/trip/food", data='{"title": "Food"}', **form).status_code == 204
    assert client.post("/notes/trip/food", data='"tea"', **form).json == {"title": "Food", "lines": ["tea"]}


def test_a_wrong_note_or_key_is_refused(client):
    assert "`title`" in client.put("/notes/a", json={}).json["error"]
    assert client.put("/notes/a%07", json={"title": "A"}).status_code == 400
    assert client.get("/notes").json == {}


def test_the_notes_move_from_sqlite_to_s3(start, sqlite, s3):
    start(sqlite).put("/notes/a", json={"title": "A"})
    with (
        holdall.open(sqlite, type=Note, serializer="json") as near,
        holdall.open(s3, type=Note, serializer="json") as far,
    ):
        far.update(near.scan_items())
    assert start(s3).get("/notes/a").json == {"title": "A", "lines": []}
