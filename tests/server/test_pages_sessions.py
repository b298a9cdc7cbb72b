"""Who may send a form, and for how long: logins, cookies, and forms of other sites."""

import re
from datetime import UTC, datetime, timedelta

import pytest

import holdall
from holdall.server import Scope, Tokens
from holdall.server.pages import sessions
from holdall.server.pages.sessions import Sessions
from tests.server.pages import Browser


@pytest.fixture(scope="module")
def served():
    """A store and its tokens; the token may read all of the store."""
    notes, tokens = holdall.Text(holdall.Memory()), holdall.Memory()
    notes["a"] = "hello"
    return {"notes": notes}, tokens, Tokens(tokens).add("ada", [Scope("notes")])


@pytest.fixture(scope="module")
def service(served):
    """A browser that has visited nothing yet."""
    stores, tokens, _ = served
    return Browser(stores, tokens=tokens)


def log_in(browser, token, wanted=""):
    form = browser.get("/-/login").fields()
    return browser.post("/-/login", {**form, "token": token, "next": wanted})


def test_a_visitor_logs_in_with_a_token_and_out_again(served, service):
    browser, token = service.copy(), served[2]
    wanted = "/notes/docs/a%252Fb%20c?at=%26"
    asked = browser.get(wanted)
    assert asked.status == 303
    form = browser.get(asked.headers["location"]).fields()
    assert form["next"] == wanted
    before = dict(browser.cookies)
    done = browser.post("/-/login", {**form, "token": token})
    assert (done.status, done.headers["location"]) == (303, wanted)
    assert browser.cookies != before, "a login must not take over an id that somebody else may know"
    assert "hello" in browser.get("/notes/docs/a").text
    assert browser.get("/v1/notes/docs/a").data == b"hello"
    out = browser.copy()
    assert browser.post("/-/logout", browser.get("/").fields()).status == 303
    for window in (browser, out):
        assert window.get("/notes/docs/a").status == 303


def test_the_cookie_is_random_and_no_script_reads_it(served):
    stores, tokens, token = served
    for protocol, name in (("http", "holdall"), ("https", "__Host-holdall")):
        cookie = log_in(Browser(stores, tokens=tokens, protocol=protocol), token).headers["set-cookie"]
        secure = "; Secure" if protocol == "https" else ""
        assert re.fullmatch(
            rf"{name}=[\w-]{{43}}; Path=/; HttpOnly; SameSite=Strict{secure}; Max-Age=28800", cookie
        )
        assert token.partition(".")[2] not in cookie


def test_ports_of_one_machine_have_cookies_of_their_own(service):
    answer = service.copy().get("/-/login", Host="localhost:8080")
    assert answer.headers["set-cookie"].startswith("holdall-8080=")


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "/\\evil.example", "https://evil.example", "x", "/a\r\nb"]
)
def test_a_login_leads_to_no_other_site(served, service, wanted):
    assert log_in(service.copy(), served[2], wanted).headers["location"] == "/"


def test_a_wrong_token_is_refused_beside_its_field(service):
    browser = service.copy()
    page = log_in(browser, "holdall_ada." + "x" * 43)
    assert page.status == 422
    field = next(tag for name, tag in page.tags if tag.get("name") == "token")
    assert field["aria-invalid"] == "true"
    assert "token-error" in field["aria-describedby"]
    assert "x" * 43 not in page.html
    assert browser.get("/notes/docs").status == 303


def test_a_session_ends_when_its_token_is_revoked():
    tokens = holdall.Memory()
    kept = Tokens(tokens)
    browser = Browser({"notes": holdall.Memory()}, tokens=tokens)
    log_in(browser, kept.add("ada", [Scope("notes")], datetime.now(UTC) + timedelta(days=1)))
    assert browser.get("/notes/docs").status == 200
    kept.revoke("ada")
    assert browser.get("/notes/docs").status == 303


def test_a_session_has_a_bounded_life_and_there_are_not_too_many(monkeypatch):
    now = 0.0
    monkeypatch.setattr(sessions, "MOST", 2)
    kept = Sessions(lambda: now)

    def token(id):
        return kept.token(
            {
                "REQUEST_METHOD": "GET",
                "PATH_INFO": "/",
                "HTTP_HOST": "localhost",
                "HTTP_COOKIE": f"holdall={id}",
            }
        )

    ids = [kept.begin(f"token {number}") for number in range(3)]
    assert [token(id) for id in ids] == ["", "token 1", "token 2"]
    now = sessions.LIFETIME + 1.0
    assert [token(id) for id in ids] == ["", "", ""]


def test_a_session_does_not_write_by_the_interface_for_programs():
    tokens = holdall.Memory()
    token = Tokens(tokens).add("ada", [Scope("notes", write=True)])
    notes = holdall.Text(holdall.Memory())
    browser = Browser({"notes": notes}, tokens=tokens)
    log_in(browser, token)
    refused = browser._send("PUT", "/v1/notes/docs/a", b"x", Origin="http://localhost")
    assert refused.status == 401
    assert not notes


FORGED = {
    "no token": ({"form_token": ""}, {}),
    "a token of nobody": ({"form_token": "0" * 64}, {}),
    "another origin": ({}, {"Origin": "http://evil.example"}),
    "another port": ({}, {"Origin": "http://localhost:3000"}),
    "no origin that a browser names": ({}, {"Origin": "null"}),
    "another site": ({}, {"Sec_Fetch_Site": "cross-site"}),
    "another port of this site": ({}, {"Sec_Fetch_Site": "same-site"}),
}


@pytest.fixture(scope="module")
def forged():
    store = holdall.Text(holdall.Versions(holdall.Memory()))
    store["a"] = "old"
    store["a"] = "new"
    return store, Browser({"notes": store})


@pytest.mark.parametrize(("fields", "headers"), FORGED.values(), ids=FORGED)
def test_a_page_of_another_site_sends_no_form(forged, fields, headers):
    store, service = forged
    browser, before = service.copy(), store["a"]
    number = 1 if before == "new" else 2
    form = browser.get(f"/notes/revert/a?number={number}").fields()
    assert browser.post("/notes/revert/a", {**form, **fields}, **headers).status == 403
    assert store["a"] == before
    assert browser.post("/notes/revert/a", form).status == 303
    assert store["a"] != before


def test_a_form_of_one_visitor_is_not_valid_for_another():
    store = holdall.Text(holdall.Versions(holdall.Memory()))
    store["a"] = "old"
    store["a"] = "new"
    browser, other = Browser({"notes": store}), None
    other = browser.copy()
    form = browser.get("/notes/revert/a?number=1").fields()
    other.get("/notes/revert/a?number=1")
    assert other.cookies != browser.cookies
    assert other.post("/notes/revert/a", form).status == 403
    other.cookies = {}
    assert other.post("/notes/revert/a", form).status == 403
