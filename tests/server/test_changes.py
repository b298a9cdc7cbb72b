"""The change feed over a socket."""

import socket
import threading
from contextlib import ExitStack, contextmanager
from urllib.parse import quote, urlsplit

import pytest

import holdall
from holdall.server.connections import HAND_OVER


@pytest.fixture(scope="module")
def stores():
    return {"notes": holdall.Text(holdall.Memory())}


@pytest.fixture
def store(stores):
    stores["notes"].clear()
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


def test_a_client_waits_for_the_stored_bytes_of_a_store(serving):
    store = holdall.Memory()
    with serving({"notes": store}, raw=True) as http:
        path = "/v1/notes:raw/changes"
        since = http("GET", path).json()["position"]
        told = []
        waiting = threading.Thread(target=lambda: told.append(http("GET", f"{path}?since={since}&wait=60")))
        waiting.start()
        http("PUT", "/v1/notes/docs/a", b"new")
        waiting.join()
        assert [each["key"] for each in told[0].json()["changes"]] == ["a"]


@contextmanager
def waiters(http, count):
    """``count`` requests that wait for a change; yields the list of their answers, complete at the end."""
    path = f"/v1/notes/changes?since={changes(http)['position']}&wait=60"
    answers = []

    def ask():
        while (answer := http("GET", path)).status == 503:
            pass
        answers.append(answer)

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for each in threads:
        each.start()
    yield answers
    for each in threads:
        each.join()


def until_full(http):
    """Return the answer to the first request that is refused because too many others wait."""
    path = f"/v1/notes/changes?since={changes(http)['position']}&wait=1"
    while (answer := http("GET", path)).status == 200:
        pass
    return answer


def threaded(service):
    """The application under a server that does not hand over sockets."""

    def call(environ, start_response):
        environ.pop(HAND_OVER, None)
        return service(environ, start_response)

    return call


@pytest.mark.parametrize(("threads", "through"), [(1, None), (4, threaded)], ids=["by socket", "by thread"])
def test_waiting_requests_leave_threads_for_others(serving, stores, store, threads, through):
    with serving(stores, threads=threads, limits={"waiting": 2}, max_long=2, through=through) as http:
        with waiters(http, 2) as answers:
            refused = until_full(http)
            assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
            assert http("GET", "/v1/notes/docs").status == 200
            store["a"] = "1"
        assert [each.json()["changes"][0]["key"] for each in answers] == ["a", "a"]


def test_a_client_that_leaves_does_not_wait_on(serving, store):
    with serving({"notes": store}, limits={"waiting": 1}) as http:
        path = f"/v1/notes/changes?since={changes(http)['position']}&wait=60"
        place = urlsplit(http.url)
        with socket.create_connection((place.hostname, place.port)) as sock:
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            sock.recv(1)
            assert http("GET", path).status == 503
        threading.Timer(0, lambda: store.update(a="1")).start()
        while http("GET", path).status != 200:
            pass


@pytest.mark.parametrize("through", [None, threaded], ids=["by socket", "by thread"])
def test_a_waiting_request_is_answered_when_the_service_ends(serving, stores, store, through):
    with ExitStack() as last, serving(stores, limits={"waiting": 1}, max_long=1, through=through) as http:
        answers = last.enter_context(waiters(http, 1))
        until_full(http)
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
