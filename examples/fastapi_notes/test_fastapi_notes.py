"""The tests of the app, on SQLite and in a bucket of S3. Only the variable HOLDALL_URI differs."""

import asyncio
import json
from uuid import uuid4

import pytest
from fastapi_notes import Note, app

import holdall


async def request(method, path, body=None, query=""):
    """Return the status and the document that the app answers, called as a server calls it, without a socket."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": json.dumps(body).encode()}

    async def send(message):
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": headers,
    }
    await app(scope, receive, send)
    answer = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], json.loads(answer or b"null")


@pytest.fixture
def sqlite(tmp_path):
    return f"sqlite:///{tmp_path}/notes.db"


@pytest.fixture
def s3(holdall_s3):
    """The address of a bucket of the server that holdall's pytest plugin starts or simulates."""
    server = f"&endpoint_url={holdall_s3}" if holdall_s3 else ""
    return f"s3://notes-{uuid4().hex}?create=1{server}"


@pytest.fixture
def run(monkeypatch):
    """Start the app with HOLDALL_URI, run a coroutine function, and stop the app."""

    def run(uri, main):
        async def use():
            async with app.router.lifespan_context(app):
                return await main()

        monkeypatch.setenv("HOLDALL_URI", uri)
        return asyncio.run(use())

    return run


@pytest.fixture(params=["sqlite", "s3"])
def uri(request):
    return request.getfixturevalue(request.param)


def test_a_note_is_written_read_listed_and_deleted(uri, run):
    async def main():
        food = {"title": "Food", "lines": ["tea"]}
        bags = {"title": "trip/bags", "lines": ["rope"]}
        assert await request("PUT", "/notes/trip/food", food) == (204, None)
        assert await request("GET", "/notes/trip/food") == (200, food)
        assert await request("POST", "/notes/trip/bags", "rope") == (200, bags)
        titles = {"trip/bags": "trip/bags", "trip/food": "Food"}
        assert await request("GET", "/notes", query="prefix=trip/") == (200, titles)
        assert await request("DELETE", "/notes/trip/food") == (204, None)
        status, _ = await request("GET", "/notes/trip/food")
        assert status == 404

    run(uri, main)


def test_a_wrong_note_or_key_is_refused(uri, run):
    async def main():
        status, _ = await request("PUT", "/notes/a", {})
        assert status == 422
        status, answer = await request("PUT", "/notes/a//b", {"title": "A"})
        assert (status, "a//b" in answer["error"]) == (400, True)
        assert await request("GET", "/notes") == (200, {})

    run(uri, main)


def test_no_line_is_lost_if_many_are_added_at_once(sqlite, run):
    lines = [f"line {number}" for number in range(10)]

    async def main():
        async with asyncio.TaskGroup() as tasks:
            for line in lines:
                tasks.create_task(request("POST", "/notes/a", line))
        return await request("GET", "/notes/a")

    _, note = run(sqlite, main)
    assert sorted(note["lines"]) == lines


def test_the_notes_move_from_sqlite_to_s3(sqlite, s3, run):
    run(sqlite, lambda: request("PUT", "/notes/a", {"title": "A"}))
    with (
        holdall.open(sqlite, type=Note, serializer="json") as near,
        holdall.open(s3, type=Note, serializer="json") as far,
    ):
        far.update(near.scan_items())
    assert run(s3, lambda: request("GET", "/notes/a")) == (200, {"title": "A", "lines": []})
