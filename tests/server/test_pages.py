"""The pages of stores, folders and documents, as the application answers them."""

import re
from pathlib import Path

import pytest

import holdall
from holdall.server import Scope, Tokens
from holdall.server.pages import live
from holdall.server.stores import Served
from tests.server.pages import Browser

HOSTILE = [
    "<script>alert(1)<",
    '"onload=alert(1)',
    "'onload=alert(1)",
    "javascript:alert(1)",
    "a&b=c?d#e",
    "folder/<img src=x onerror=alert(1)>/{{ 7 * 7 }}",
    "naïve/ключ",
    "data:text/html,x",
]


@pytest.fixture(scope="module")
def hostile():
    """Keys and values that try to be markup."""
    store = holdall.Json(holdall.Memory())
    store.update((key, {key: f"</pre>{key}", "html": "<b>"}) for key in HOSTILE)
    return store


def test_the_first_page_lists_the_stores_and_a_script_needs_nothing_from_elsewhere():
    page = Browser({"notes": holdall.Memory(), "v1": holdall.Memory()}).get("/")
    assert page.status == 200
    assert "/notes/docs" in page.links()
    assert not [link for link in page.links() if link.startswith("/v1")]
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"\son\w+=|style=|<style|<script>|https?://", page.html)


def test_each_key_is_reached_by_links_and_shown_as_text(hostile):
    browser = Browser({"hostile": hostile})
    folders, found, seen = ["/hostile/docs"], {}, set()
    while folders:
        page = browser.get(folders.pop())
        assert page.status == 200
        assert not [tag for tag in page.tags if tag[0] in ("script", "img") and "src" not in tag[1]]
        for link in page.links():
            if link.startswith("/hostile/docs/") and link not in seen:
                seen.add(link)
                if link.endswith("/"):
                    folders.append(link)
                else:
                    found[link] = browser.get(link)
    assert len(found) == len(HOSTILE)
    for page in found.values():
        assert page.status == 200
        names = {name for name, _ in page.tags}
        assert not names & {"img", "b"}
        assert not [tag for _, tag in page.tags if {"onload", "onerror"} & set(tag)]
        assert all(link.startswith(("/", "#")) for link in page.links())
        assert "alert(1)" in page.text or "html" in page.text


def test_a_key_cannot_turn_the_direction_of_the_page():
    store = holdall.Memory()
    store["gpj.\u202eexe"] = b""
    page = Browser({"notes": store}).get("/notes/docs")
    assert "\u202e" not in page.text
    assert "gpj.\\u202eexe" in page.text


def test_a_key_cannot_turn_the_direction_of_a_title():
    store = holdall.Versions(holdall.Memory())
    store["a/\u202eb"] = b"1"
    store["a/\u202eb"] = b"2"
    key = "a/%E2%80%AEb"
    for path in (f"docs/{key}", f"history/{key}", f"revision/{key}?number=1", f"revert/{key}?number=1"):
        page = Browser({"notes": store}).get(f"/notes/{path}")
        assert page.status == 200
        assert "\u202e" not in page.html


def test_a_folder_has_pages_and_a_search():
    store = holdall.Memory()
    store.update({f"many/{n:03}": b"" for n in range(450)} | {f"{n:03}/a": b"" for n in range(250)})
    browser = Browser({"notes": store})
    assert _walk(browser, "/notes/docs/many/") == [f"/notes/docs/many/{n:03}" for n in range(450)]
    assert _walk(browser, "/notes/docs") == [
        *(f"/notes/docs/{n:03}/" for n in range(250)),
        "/notes/docs/many/",
    ]
    found = browser.get("/notes/docs?find=Y/44")
    assert [link for link in found.links() if "/many/" in link] == [
        f"/notes/docs/many/44{n}" for n in range(10)
    ]
    assert "10 keys found" in found.text
    assert browser.get("/notes/docs?unknown=1").status == 400


def _walk(browser, path):
    """The names of a folder and of the pages after it, in their order."""
    names = []
    while path:
        page = browser.get(path)
        listed = re.findall(r'<li>\s+<a (?:class="is-folder" )?href="([^"]+)"><bdi>', page.html)
        assert 0 < len(listed) <= 200
        names += listed
        path = next((tag["href"] for name, tag in page.tags if tag.get("rel") == "next"), None)
    return names


def test_values_are_shown_by_their_kind():
    json, text, data = holdall.Json(holdall.Memory()), holdall.Text(holdall.Memory()), holdall.Memory()
    json["a"] = {"total": 12.50, "paid": None}
    text["a"] = "one <two>"
    data["text"], data["data"] = b"plain", bytes(range(256))
    browser = Browser({"json": json, "text": text, "data": data})
    assert '"total": 12.5, "paid": null' in browser.get("/json/docs/a").text
    assert "one <two>" in browser.get("/text/docs/a").text
    assert "plain" in browser.get("/data/docs/text").text
    shown = browser.get("/data/docs/data")
    assert "256 bytes" in shown.text
    assert "not text" in shown.text
    down = browser.get("/data/download/data")
    assert down.data == data["data"]
    assert down.headers["content-disposition"] == "attachment; filename*=UTF-8''data"
    assert down.headers["x-content-type-options"] == "nosniff"


def test_a_large_value_is_shown_in_part():
    text = holdall.Text(holdall.Memory())
    text["a"] = "é" * 600_000
    page = Browser({"text": text}).get("/text/docs/a")
    assert "first megabyte" in page.text
    assert page.text.count("é") == 500_000


def test_errors_are_pages_for_a_browser_and_problems_for_others():
    browser = Browser({"notes": holdall.Memory()})
    for path in ("/notes/docs/missing", "/nowhere/docs", "/a/b/c/d", "/notes/docs/%2e%2e/x"):
        page = browser.get(path)
        assert page.status in (400, 404)
        assert ("h1", {}) in page.tags
        assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    for path, accept in (("/notes/docs/missing", "*/*"), ("/v1/notes/docs/missing", None)):
        headers = {"Accept": accept} if accept else {}
        assert browser.get(path, **headers).headers["content-type"] == "application/problem+json"


def test_a_page_needs_the_scope_of_its_keys():
    tokens = holdall.Memory()
    token = Tokens(tokens).add("ada", [Scope("notes", "ada/")])
    store = holdall.Text(holdall.Memory())
    store.update({"ada/1": "hers", "eve/1": "not hers"})
    browser = Browser({"notes": store, "other": holdall.Memory()}, tokens=tokens)
    headers = {"Authorization": f"Bearer {token}"}
    home = browser.get("/", **headers)
    assert "/notes/docs?prefix=ada%2F" in home.links()
    assert "other" not in home.text
    assert "/notes/docs/ada/1" in str(browser.get("/notes/docs/ada/", **headers).links())
    for path in ("/notes/docs", "/notes/docs/eve/1", "/notes/download/eve/1", "/other/docs"):
        assert browser.get(path, **headers).status == 403


def test_static_files_are_kept_by_the_browser():
    browser = Browser({"notes": holdall.Memory()})
    link = next(tag["href"] for name, tag in browser.get("/").tags if tag.get("rel") == "stylesheet")
    style = browser.get(link)
    assert style.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert style.headers["content-type"].startswith("text/css")
    assert browser.get("/-/static/old/style.css").headers["cache-control"] == "no-cache"
    assert browser.get("/-/static/old/nothing.css").status == 404


def test_each_picture_is_small_and_shown_on_a_page():
    root = Path(__file__).parents[2]
    shown = (root / "docs/how-to/look-at-a-store.md").read_text("utf-8")
    pictures = list((root / "docs/pictures").glob("*.png"))
    assert pictures
    for picture in pictures:
        assert f"(../pictures/{picture.name})" in shown
        assert picture.stat().st_size < 150_000


def test_a_page_is_live_if_its_store_has_a_feed():
    store = holdall.Memory()
    store.update({f"{number:03}": b"" for number in range(10)})
    plain = Browser({"notes": holdall.Json(Untold(store))}).get("/notes/docs")
    assert not [tag for name, tag in plain.tags if name == "script" or "data-live" in tag]
    page = Browser({"notes": store}).get("/notes/docs")
    (link,) = (tag["data-live"] for _, tag in page.tags if "data-live" in tag)
    assert link == f"/v1/notes/changes?since={_end(store)}&prefix="


class Untold(holdall.PassThrough):
    """A store without a change feed."""

    @property
    def features(self):
        return self._inner.features & ~holdall.Feature.CHANGES


def _end(store):
    feed = store.changes()
    for _ in feed:
        pass
    return feed.position


def test_a_request_reads_only_a_part_of_a_long_feed(monkeypatch):
    monkeypatch.setattr(live, "_STEP", 4)
    store = holdall.Memory()
    store.update({f"{number:03}": b"" for number in range(10)})
    feeds, served = live.Feeds(), Served("notes", store, None)
    assert [bool(feeds.position(served, "")) for _ in range(4)] == [False, False, True, True]
    store.clear()
    feeds._positions["notes", ""] = "elsewhere.0.0.0"
    assert feeds.position(served, "") is None
    assert feeds.position(served, "").position == _end(store)


def test_links_lead_into_a_mounted_service():
    store = holdall.Text(holdall.Versions(holdall.Memory()))
    store.update({"a/b": "x", "c": "y"})
    browser = Browser({"notes": store}, root="/app")
    for path in (
        "/",
        "/notes/docs",
        "/notes/docs/a/",
        "/notes/docs/a/b",
        "/notes/history/a/b",
        "/notes/docs/none",
    ):
        page = browser.get(path)
        places = [
            tag[name]
            for _, tag in page.tags
            for name in ("href", "src", "action", "data-live")
            if name in tag
        ]
        assert len(places) > 3
        assert all(place.startswith(("/app/", "#")) for place in places)
