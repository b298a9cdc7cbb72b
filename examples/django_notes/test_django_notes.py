"""The tests of the app: each of them on SQLite and in a bucket of S3. Only the variable HOLDALL_URI differs."""

from contextlib import ExitStack
from uuid import uuid4

import pytest
from django.test import Client, override_settings
from django_notes import make_settings, open_notes

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
    with ExitStack() as until_the_end:

        def start(uri):
            monkeypatch.setenv("HOLDALL_URI", uri)
            until_the_end.enter_context(override_settings(**make_settings()))
            until_the_end.callback(open_notes(uri).close)
            return Client()

        yield start


@pytest.fixture(params=["sqlite", "s3"])
def client(request, start):
    return start(request.getfixturevalue(request.param))


JSON = "application/json"


def test_a_note_is_written_read_listed_and_deleted(client):
    food = {"title": "Food", "lines": ["tea"]}
    assert client.put("/notes/trip/food", food, JSON).status_code == 204
    assert client.get("/notes").json() == {"trip/food": "Food"}
    assert client.post("/notes/trip/bags", '"rope"', JSON).status_code == 204
    assert client.get("/notes/trip/bags").json() == {"title": "trip/bags", "lines": ["rope"]}
    assert client.get("/notes").json() == {"trip/bags": "trip/bags", "trip/food": "Food"}
    assert client.delete("/notes/trip/food").status_code == 204
    assert client.get("/notes/trip/food").status_code == 404


def test_a_session_keeps_what_a_visitor_has_read(client):
    for key in "ab":
        client.put(f"/notes/{key}", {"title": key}, JSON)
        client.get(f"/notes/{key}")
    assert client.get("/recent").json() == ["b", "a"]
    assert Client().get("/recent").json() == []


def test_a_wrong_note_or_key_is_refused(client):
    assert "`title`" in client.put("/notes/a", {}, JSON).json()["error"]
    assert client.put("/notes/a//b", {"title": "A"}, JSON).status_code == 400
    assert client.get("/notes").json() == {}


def test_the_notes_and_sessions_move_from_sqlite_to_s3(start, sqlite, s3):
    near = start(sqlite)
    near.put("/notes/a", {"title": "A"}, JSON)
    near.get("/notes/a")
    with holdall.open(sqlite) as source, holdall.open(s3) as target:
        target.update(source.scan_items())
    far = start(s3)
    far.cookies = near.cookies
    assert far.get("/notes/a").json() == {"title": "A", "lines": []}
    assert far.get("/recent").json() == ["a", "a"]
