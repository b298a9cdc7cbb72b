"""Sessions of Flask-Session in a store, by the cache of cachelib."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, flash, get_flashed_messages, session
from flask.testing import FlaskClient
from flask_session import Session

import holdall
from holdall.bridges import _caches
from holdall.bridges.cachelib import StoreCache

MakeSite = Callable[[], FlaskClient]


@pytest.fixture(params=["memory", "sqlite"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return (
        f"memory://{tmp_path.name}"
        if request.param == "memory"
        else f"sqlite:///{tmp_path}/site.db?durability=os"
    )


@pytest.fixture
def make_site(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeSite]:
    """Makes a client of the site, as another process would: with a store of its own at the address."""
    opened: list[dict[Any, _caches.Entries]] = []

    def make() -> FlaskClient:
        opened.append({})
        monkeypatch.setattr(_caches, "_opened", opened[-1])
        return site(
            StoreCache(address, serializer="pickle", sign=lambda: b"sixteen secret bytes")
        ).test_client()

    yield make
    for entries in opened:
        for each in entries.values():
            each.values.close()


def site(cache: StoreCache) -> Flask:
    app = Flask("site")
    app.config.update(
        SESSION_TYPE="cachelib", SESSION_CACHELIB=cache, PERMANENT_SESSION_LIFETIME=timedelta(days=9)
    )
    Session(app)

    @app.post("/login/<name>")
    def login(name: str) -> str:
        session["name"] = name
        flash(f"welcome, {name}")
        return ""

    @app.get("/")
    def greet() -> dict[str, Any]:
        return {"name": session.get("name"), "messages": get_flashed_messages()}

    @app.post("/logout")
    def logout() -> str:
        session.clear()
        return ""

    return app


def test_a_session_lives_in_the_store_until_the_user_leaves(make_site: MakeSite, address: str) -> None:
    client = make_site()
    client.post("/login/ann")
    assert client.get("/").json == {"name": "ann", "messages": ["welcome, ann"]}

    other = make_site()
    cookie = client.get_cookie("session")
    assert cookie
    other.set_cookie("session", cookie.value)
    assert other.get("/").json == {"name": "ann", "messages": []}

    with holdall.open(address) as store:
        entries = holdall.Expires(holdall.Prefix(store, "cachelib"))
        (name,) = entries
        left = entries.remaining(name)
        assert left
        assert round(left / 86_400) == 9

    other.post("/logout")
    assert client.get("/").json == {"name": None, "messages": []}
    with holdall.open(address) as store:
        assert not store


def test_clients_have_sessions_of_their_own(make_site: MakeSite) -> None:
    ann = make_site()
    bob = ann.application.test_client()
    for client, name in ((ann, "ann"), (bob, "bob")):
        client.post(f"/login/{name}")
    assert [client.get("/").json["name"] for client in (ann, bob)] == ["ann", "bob"]
