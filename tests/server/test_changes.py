"""The change feed over a socket."""

import socket
import threading
from contextlib import ExitStack, contextmanager
from urllib.parse import quote, urlsplit

import pytest

import holdall


class Watched(holdall.PassThrough):
    """Knows which threads wait in it."""

    def __init__(self, store):
        super().__init__(store)
        self.waiting = set()
        self.pages = threading.Semaphore(0)
        self._changed = threading.Condition()

    def watch(self, since, *, prefix="", timeout=None):
        with self._changed:
            self.waiting.add(threading.get_ident())
            self._changed.notify_all()
        return self._inner.watch(since, prefix=prefix, timeout=timeout)

    def changes(self, since=None, *, prefix=""):
        self.pages.release()
        return self._inner.changes(since, prefix=prefix)

    def until(self, count):
        """Return when ``count`` threads have begun to wait."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.waiting) == count)


@pytest.fixture(scope="module")
def stores():
    return {"notes": Watched(holdall.Text(holdall.Memory()))}


@pytest.fixture
def store(stores):
    stores["notes"].clear()
    stores["notes"].waiting.clear()
    return stores["notes"]


@pytest.fixture(scope="module")
def http(serving, stores):
    with serving(stores) as client:
        yield client


def changes(http, **asked):
    query = "&".join(f"{name}={quote(str(value))}" for name, value in asked.items())
    answer = http("GET", f"/v1/notes/changes?{query}")
    assert answer.status == 200
    return answer.json()


def test_the_feed_tells_each_key_and_then_what_changed(http, store):
    store.update({"a": "1", "b": "2"})
    start = changes(http)
    told = [(each["key"], each["tag"]) for each in start["changes"] if each["tag"]]
    assert told == [("a", store.tag("a")), ("b", store.tag("b"))]
    assert not start["more"]
    del store["a"]
    later = changes(http, since=start["position"])
    assert later["changes"] == [{"key": "a", "tag": None, "position": later["position"]}]
    assert later["since"] == start["position"]
    assert changes(http, since=later["position"])["changes"] == []
    get, head = (http(method, "/v1/notes/changes") for method in ("GET", "HEAD"))
    assert (head.status, head.headers["Content-Length"]) == (200, str(len(get.data)))


def test_pages_of_a_feed_join(http, store):
    since = changes(http)["position"]
    store.update((f"a/{n}", "x") for n in range(7))
    store["b"] = "x"
    told, sizes, more = [], [], True
    while more:
        page = changes(http, since=since, limit=3, prefix="a/")
        told += [each["key"] for each in page["changes"]]
        sizes.append(len(page["changes"]))
        since, more = page["position"], page["more"]
    assert (sorted(told), sizes) == ([f"a/{n}" for n in range(7)], [3, 3, 1])


def test_a_waiting_request_is_answered_by_a_change(http, store):
    since = changes(http)["position"]
    told = []
    waiting = threading.Thread(target=lambda: told.append(changes(http, since=since, wait=60)))
    waiting.start()
    http("PUT", "/v1/notes/docs/a", b"new")
    waiting.join()
    assert [each["key"] for each in told[0]["changes"]] == ["a"]
    assert changes(http, since=told[0]["position"], wait=1)["changes"] == []


@contextmanager
def waiters(http, count):
    """``count`` requests that wait for a change; yields the list of their answers, complete at the end."""
    path = f"/v1/notes/changes?since={changes(http)['position']}&wait=60"
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(http("GET", path))) for _ in range(count)]
    for each in threads:
        each.start()
    yield answers
    for each in threads:
        each.join()


def test_waiting_requests_leave_threads_for_others(serving, stores, store):
    with serving(stores, threads=3, max_long=2) as http, waiters(http, 2) as answers:
        store.until(2)
        refused = http("GET", f"/v1/notes/changes?since={changes(http)['position']}&wait=60")
        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        assert http("GET", "/v1/notes/docs").status == 200
        store["a"] = "1"
    assert [each.json()["changes"][0]["key"] for each in answers] == ["a", "a"]


def test_a_client_that_leaves_does_not_wait_on(serving):
    store = Watched(holdall.Memory())
    with serving({"notes": store}) as http:
        since = changes(http)["position"]
        assert store.pages.acquire()
        place = urlsplit(http.url)
        with socket.create_connection((place.hostname, place.port)) as sock:
            path = f"/v1/notes/changes?since={since}&wait=60"
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            store.until(1)
        assert store.pages.acquire(timeout=30)


def test_a_waiting_request_is_answered_when_the_service_ends(serving, stores, store):
    with ExitStack() as last, serving(stores) as http:
        answers = last.enter_context(waiters(http, 1))
        store.until(1)
    assert [(each.status, each.json()["changes"]) for each in answers] == [(200, [])]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("since=x", 400),
        ("since=abc.1", 410),
        ("limit=0", 400),
        ("wait=61&since=new.0", 400),
        ("wait=x&since=new.0", 400),
        ("wait=x", 400),
        ("other=1", 400),
    ],
)
def test_a_feed_that_cannot_go_on(http, query, status):
    assert http("GET", f"/v1/notes/changes?{query}").status == status


def test_a_store_without_a_feed_answers_501(serving, tmp_path):
    with serving({"files": f"file://{tmp_path}/files"}) as http:
        assert http("GET", "/v1/files/changes").status == 501
