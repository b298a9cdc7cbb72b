"""A write that is sent again is carried out once."""

import pickle
import threading
from io import BytesIO

import pytest

import holdall
from holdall.server import idempotency


class Slow(holdall.PassThrough):
    """A store whose first write waits until it may go on."""

    def __init__(self, store):
        super().__init__(store)
        self.began, self.go_on, self.writes = threading.Event(), threading.Event(), 0

    def swap(self, key, value, expected):
        self.writes += 1
        self.began.set()
        self.go_on.wait(60)
        return self._inner.swap(key, value, expected)


@pytest.fixture
def store():
    return Slow(holdall.Memory())


@pytest.fixture
def http(serving, store):
    with serving({"notes": store}) as client:
        store.go_on.set()
        yield client


def put(http, key, value, name, **headers):
    return http("PUT", f"/v1/notes/docs/{key}", value, Idempotency_Key=name, **headers)


def test_a_swap_that_is_sent_again_has_the_answer_of_the_first_time(http, store):
    first = put(http, "a", b"1", "k1", If_None_Match="*")
    tag = first.headers["ETag"]
    again = put(http, "a", b"1", "k1", If_None_Match="*")
    assert (first.status, "Idempotency-Replayed" in first.headers) == (201, False)
    assert (again.status, again.headers["ETag"], again.headers["Idempotency-Replayed"]) == (201, tag, "1")
    assert put(http, "a", b"2", "k2", If_None_Match="*").status == 412
    put(http, "a", b"3", "k3")
    assert put(http, "a", b"1", "k1", If_None_Match="*").status == 201
    assert store["a"] == b"3"


def test_a_lost_swap_stays_lost_and_a_delete_is_done_once(http, store):
    put(http, "a", b"1", "k1")
    for _ in range(2):
        assert put(http, "a", b"2", "k2", If_None_Match="*").status == 412
        assert http("DELETE", "/v1/notes/docs/a", Idempotency_Key="k3").status == 204
    assert http("DELETE", "/v1/notes/docs/a", Idempotency_Key="k4").status == 404


def test_a_key_belongs_to_one_request(http):
    put(http, "a", b"1", "k1")
    for other in (
        put(http, "b", b"1", "k1"),
        put(http, "a", b"10", "k1"),
        put(http, "a", b"1", "k1", If_Match="*"),
        put(http, "a", b"2", "k1"),
        http("DELETE", "/v1/notes/docs/a", Idempotency_Key="k1"),
    ):
        assert other.status == 422
    assert http("GET", "/v1/notes/docs/a").data == b"1"
    assert put(http, "a", b"1", "k" * 201).status == 400


def test_large_bodies_are_told_apart_by_their_last_byte(http):
    body = b"x" * 90_000
    assert put(http, "a", body, "k1").status == 201
    assert put(http, "a", body[:-1] + b"y", "k1").status == 422
    assert put(http, "a", body, "k1").status == 201


def test_a_write_whose_body_broke_off_is_carried_out_when_it_is_sent_again(serving):
    def breaking(app):
        def call(env, start):
            if "HTTP_BREAK" in env:  # waitress itself never passes such a body on, but other servers do
                env["wsgi.input"] = BytesIO(env["wsgi.input"].read(2))
            return app(env, start)

        return call

    with serving({"notes": holdall.Memory()}, through=breaking) as http:
        assert put(http, "a", b"12345", "k1", Break="1").status == 400
        assert put(http, "a", b"12345", "k1").status == 201


def test_a_remembered_write_is_small():
    large = idempotency._Write({"PATH_INFO": "a" * 60_000, "HTTP_IF_MATCH": "b" * 60_000})
    assert len(pickle.dumps((large.asked, large.seen))) < 100


def test_a_repeated_write_waits_for_the_first(http, store):
    store.go_on.clear()
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(put(http, "a", b"1", "k1").status)) for _ in "12"
    ]
    for thread in threads:
        thread.start()
    store.began.wait(60)
    store.go_on.set()
    for thread in threads:
        thread.join()
    assert (answers, store.writes) == ([201, 201], 1)


def test_a_write_that_still_runs_or_failed_is_sent_again_later(http, store, monkeypatch):
    monkeypatch.setattr(idempotency, "_PATIENCE", 0)
    store.go_on.clear()
    first = threading.Thread(target=put, args=(http, "a", b"1", "k1"))
    first.start()
    store.began.wait(60)
    running = put(http, "a", b"1", "k1")
    assert (running.status, running.headers["Retry-After"]) == (503, "1")
    store.go_on.set()
    first.join()
    assert put(http, "a", b"1", "k1").status == 201


def test_the_memory_is_bounded_in_number_and_time(http, store, monkeypatch):
    monkeypatch.setattr(idempotency, "_MOST", 2)
    for name in ("k1", "k2", "k3"):
        put(http, name, b"1", name)
    assert put(http, "k1", b"1", "k1").status == 204  # carried out again: 201 would be the first answer
    monkeypatch.setattr(idempotency, "_AGE", -1)
    assert put(http, "k3", b"1", "k3").status == 204
