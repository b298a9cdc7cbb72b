"""GET, HEAD, PUT and DELETE of one value, over a socket."""

import json
import threading
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec
import pytest

import holdall
import holdall.abc
from holdall import ABSENT


class Invoice(msgspec.Struct):
    customer: str
    total: Decimal
    lines: list[Decimal] = []
    due: date | None = None


class Untagged(holdall.PassThrough):
    """A store with the four methods alone."""

    features = holdall.Feature.NONE

    def get_tagged(self, key):
        raise holdall.Unsupported("no tags")

    tag = get_tagged

    def remove(self, key, expected):
        raise holdall.Unsupported("no remove")

    def swap(self, key, value, expected):
        raise holdall.Unsupported("no swap")


class Raced(holdall.PassThrough):
    """Another writer changes the value after each of the first two reads of its tag."""

    races = 2

    def tag(self, key):
        tag = self._inner.tag(key)
        if self.races:
            self.races -= 1
            self._inner[key] = {"n": self.races}
        return tag


class Dated(holdall.abc.Codec):
    """A codec above the serializer, whose values JSON cannot express."""

    def encode(self, key, value):
        return value.isoformat()

    def decode(self, key, data):
        return date.fromisoformat(data)


@pytest.fixture(scope="module")
def stores():
    memory = holdall.Memory
    return {
        "bytes": memory(),
        "text": holdall.Text(memory()),
        "documents": holdall.Json(memory()),
        "invoices": holdall.MessagePack(memory(), Invoice),
        "kinds": holdall.Json(memory(), Literal["a", "b"]),
        "plain": Untagged(memory()),
        "dated": Dated(holdall.Json(memory())),
        "yaml": holdall.Yaml(memory()),
        "raced": Raced(holdall.Json(memory())),
    }


@pytest.fixture(scope="module")
def http(serving, stores):
    with serving(stores) as client:
        yield client


def test_a_value_is_written_read_replaced_and_deleted(http, stores):
    created = http("PUT", "/v1/bytes/docs/a/b", b"one")
    assert (created.status, created.data) == (201, b"")
    assert created.headers["ETag"] == f'"{stores["bytes"].tag("a/b")}"'
    read = http("GET", "/v1/bytes/docs/a/b")
    assert (read.status, read.data, read.headers["ETag"]) == (200, b"one", created.headers["ETag"])
    assert read.headers["Content-Type"] == "application/octet-stream"
    assert http("PUT", "/v1/bytes/docs/a/b", b"").status == 204
    assert stores["bytes"]["a/b"] == b""
    assert http("DELETE", "/v1/bytes/docs/a/b").status == 204
    assert "a/b" not in stores["bytes"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_a_missing_key_is_404_and_with_if_match_412(http, method):
    assert http(method, "/v1/bytes/docs/none").status == 404
    assert http(method, "/v1/bytes/docs/none", If_Match='"1"').status == 412
    assert http(method, "/v1/bytes/docs/none", If_Match="*").status == 412


def test_a_head_is_a_get_without_its_body(http):
    http("PUT", "/v1/bytes/docs/head", b"12345")
    get, head = (http(method, "/v1/bytes/docs/head") for method in ("GET", "HEAD"))
    assert head.data == b""
    without_date = [{**dict(each.headers), "Date": ""} for each in (get, head)]
    assert without_date[0] == without_date[1]


def test_a_document_that_another_program_wrote_is_served_at_any_depth(http, stores):
    data = b"[" * 150 + b"1.50" + b"]" * 150
    stores["documents"].raw()["deep"] = b" " + data
    assert http("GET", "/v1/documents/docs/deep").data == data.replace(b"1.50", b"1.5")
    assert json.loads(http("GET", "/v1/documents/docs?include=values&prefix=deep").data)["items"][0]["value"]


@pytest.mark.parametrize("name", ["dated", "yaml"])
def test_a_value_that_json_cannot_express_is_not_served(http, stores, name):
    stores[name]["a"] = date(2026, 11, 29)
    for path in (f"/v1/{name}/docs/a", f"/v1/{name}/docs?include=values"):
        assert http("GET", path).status == 501


def test_a_put_with_conditions_is_a_swap(http, stores):
    path = "/v1/bytes/docs/swap"
    first = http("PUT", path, b"1", If_None_Match="*")
    assert first.status == 201
    assert http("PUT", path, b"2", If_None_Match="*").status == 412
    assert http("PUT", path, b"2", If_Match='"other"').status == 412
    assert stores["bytes"]["swap"] == b"1"
    second = http("PUT", path, b"2", If_Match=first.headers["ETag"])
    assert second.status == 204
    assert http("PUT", path, b"3", If_Match=first.headers["ETag"]).status == 412
    both = f'"other", {second.headers["ETag"]}'
    assert http("PUT", path, b"3", If_None_Match=both).status == 412
    assert http("PUT", path, b"3", If_Match=both).status == 204
    assert http("PUT", path, b"4", If_Match="*").status == 204
    assert http("PUT", path, b"5", If_Match="W/" + second.headers["ETag"]).status == 412
    assert http("PUT", path, b"5", If_None_Match='"other"').status == 204
    assert http("PUT", path, b"6", If_Match="no quotes").status == 400
    assert stores["bytes"]["swap"] == b"5"


def test_a_delete_with_conditions_is_a_remove(http, stores):
    path = "/v1/bytes/docs/remove"
    tag = http("PUT", path, b"1").headers["ETag"]
    assert http("DELETE", path, If_Match='"other"').status == 412
    assert http("DELETE", path, If_None_Match="*").status == 412
    assert "remove" in stores["bytes"]
    assert http("DELETE", path, If_Match=tag).status == 204
    assert http("DELETE", path, If_Match=tag).status == 412


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("condition", [{"If_Match": "*"}, {"If_None_Match": '"other"'}])
def test_a_condition_that_holds_is_not_refused_for_a_race(http, stores, method, condition):
    stores["raced"]["a"] = {}
    stores["raced"].races = 2
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    answer = http(method, "/v1/raced/docs/a", b'{"x": 1}', Content_Type=kind, **condition)
    assert answer.status in (200, 204)
    left = {"PUT": {"x": 1}, "PATCH": {"n": 0, "x": 1}, "DELETE": None}
    assert stores["raced"].get("a") == left[method]


def test_no_value_has_the_empty_etag(http, stores):
    for header in ('""', 'W/""', ",", ""):
        assert http("PUT", "/v1/bytes/docs/never", b"1", If_Match=header).status == 412
    assert "never" not in stores["bytes"]


def test_a_list_of_etags_that_is_not_valid_is_refused_in_linear_time(http):
    for part in (", ", " ", '"a" ,', ",\t,"):
        header = '"a"' + part * (20_000 // len(part)) + "x"
        assert http("GET", "/v1/bytes/docs/a", If_None_Match=header).status == 400


def test_a_client_that_has_the_value_gets_304(http):
    path = "/v1/bytes/docs/known"
    tag = http("PUT", path, b"1").headers["ETag"]
    for held in (tag, f"W/{tag}", "*", f'"other",{tag}'):
        known = http("GET", path, If_None_Match=held)
        assert (known.status, known.data, known.headers["ETag"]) == (304, b"", tag)
    assert http("GET", path, If_None_Match='"other"').data == b"1"
    assert http("GET", path, If_Match='"other"').status == 412


RANGES = {
    "bytes=2-4": (206, b"234", "bytes 2-4/10"),
    "bytes=7-": (206, b"789", "bytes 7-9/10"),
    "bytes=7-99": (206, b"789", "bytes 7-9/10"),
    "bytes=-3": (206, b"789", "bytes 7-9/10"),
    "bytes=-99": (206, b"0123456789", "bytes 0-9/10"),
    "bytes=10-": (416, None, "bytes */10"),
    "bytes=-0": (416, None, "bytes */10"),
    "bytes=4-2": (200, b"0123456789", None),
    "bytes=0-1,3-4": (200, b"0123456789", None),
    "lines=1-2": (200, b"0123456789", None),
}


@pytest.mark.parametrize("asked", RANGES)
def test_a_range_of_bytes(http, asked):
    http("PUT", "/v1/bytes/docs/range", b"0123456789")
    status, data, named = RANGES[asked]
    got = http("GET", "/v1/bytes/docs/range", Range=asked)
    assert (got.status, got.headers.get("Content-Range")) == (status, named)
    assert data is None or got.data == data
    head = http("HEAD", "/v1/bytes/docs/range", Range=asked)
    assert (head.status, head.headers["Content-Length"]) == (200, "10")


def test_a_range_of_an_earlier_version_is_the_whole_value(http):
    tag = http("PUT", "/v1/bytes/docs/range", b"0123456789").headers["ETag"]
    assert http("GET", "/v1/bytes/docs/range", Range="bytes=1-2", If_Range=tag).data == b"12"
    assert http("GET", "/v1/bytes/docs/range", Range="bytes=1-2", If_Range='"other"').status == 200


def test_a_store_without_tags_is_read_and_written(http):
    assert [http("PUT", "/v1/plain/docs/a", b"1").status for _ in "12"] == [201, 204]
    read = http("GET", "/v1/plain/docs/a")
    assert (read.data, "ETag" in read.headers) == (b"1", False)


UNTAGGED = [
    ("GET", "If-None-Match", '"1"', 200),
    ("GET", "If-None-Match", "*", 304),
    ("GET", "If-Match", '"1"', 412),
    ("GET", "If-Match", "*", 200),
    ("PUT", "If-None-Match", '"1"', 204),
    ("PUT", "If-None-Match", "*", 501),
    ("PUT", "If-Match", '"1"', 412),
    ("PUT", "If-Match", "*", 501),
    ("DELETE", "If-Match", '"1"', 412),
    ("DELETE", "If-Match", "*", 501),
    ("DELETE", "If-None-Match", "*", 501),
    ("DELETE", "If-None-Match", '"1"', 204),
]


@pytest.mark.parametrize(("method", "name", "condition", "status"), UNTAGGED)
def test_no_etag_fits_in_a_store_without_tags(http, stores, method, name, condition, status):
    stores["plain"]["a"] = b"1"
    answer = http(method, "/v1/plain/docs/a", b"2" if method == "PUT" else None, **{name: condition})
    assert answer.status == status
    if status == 501:
        assert "cannot check If-Match or If-None-Match" in answer.json()["detail"]
    written = {"PUT": b"2", "DELETE": None}.get(method) if status == 204 else b"1"
    assert stores["plain"].get("a") == written


def test_text_is_utf_8(http, stores):
    assert http("PUT", "/v1/text/docs/a", "grüezi".encode(), Content_Type="text/plain").status == 201
    assert stores["text"]["a"] == "grüezi"
    read = http("GET", "/v1/text/docs/a")
    assert (read.data.decode(), read.headers["Content-Type"]) == ("grüezi", "text/plain; charset=utf-8")
    assert http("PUT", "/v1/text/docs/a", b"\xff").status == 422


def test_a_document_is_typed_and_keeps_its_digits(http, stores):
    path = "/v1/invoices/docs/1"
    body = (
        b'{"customer":"Ada","total":1234567890.123456789012345678,"lines":[1.10,"2.20"],"due":"2026-09-30"}'
    )
    assert http("PUT", path, body, Content_Type="application/json").status == 201
    assert stores["invoices"]["1"] == Invoice(
        "Ada", Decimal("1234567890.123456789012345678"), [Decimal("1.10"), Decimal("2.20")], date(2026, 9, 30)
    )
    read = http("GET", path)
    assert read.headers["Content-Type"] == "application/json"
    assert read.json() == {
        "customer": "Ada",
        "total": "1234567890.123456789012345678",
        "lines": ["1.10", "2.20"],
        "due": "2026-09-30",
    }


INVALID = {
    b'{"customer": "Ada", "total": 1, "lines": ["1", "x"]}': "lines-1",
    b'{"customer": 7, "total": 1}': "customer",
}


@pytest.mark.parametrize("body", INVALID)
def test_a_document_that_is_not_valid_is_422_with_its_field(http, stores, body):
    refused = http("PUT", "/v1/invoices/docs/bad", body, Content_Type="application/json")
    assert (refused.status, list(refused.json()["errors"])) == (422, [INVALID[body]])
    assert "bad" not in stores["invoices"]


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 50_000, b"\xff", b"{}{}"])
def test_a_body_that_is_not_json_is_422(http, body):
    assert http("PUT", "/v1/documents/docs/a", body, Content_Type="application/json").status == 422


def test_a_part_of_a_value_is_not_written(http, stores):
    stores["bytes"]["part"] = b"12345"
    assert http("PUT", "/v1/bytes/docs/part", b"x", Content_Range="bytes 0-0/5").status == 400
    assert stores["bytes"]["part"] == b"12345"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Type": "application/x-www-form-urlencoded"},
        {"Content_Type": "text/plain"},
        {"Content_Type": "application/json; charset=latin-1"},
        {"Content_Encoding": "gzip"},
    ],
)
def test_a_body_of_another_type_is_415(http, headers):
    assert http("PUT", "/v1/documents/docs/a", b"{}", **headers).status == 415


def test_a_client_that_does_not_accept_the_representation_gets_406(http):
    http("PUT", "/v1/documents/docs/a", b"{}")
    assert http("GET", "/v1/documents/docs/a", Accept="text/html").status == 406
    assert http("GET", "/v1/documents/docs/a", Accept="text/html, */*;q=0.1").status == 200


def test_media_types_are_the_same_in_upper_and_lower_case(http):
    http("PUT", "/v1/text/docs/case", b"hello")
    for accepted in ("TEXT/Plain", "text/plain; charset=UTF-8", "Text/*"):
        assert http("GET", "/v1/text/docs/case", Accept=accepted).status == 200
    assert http("GET", "/v1/text/docs", Accept="application/X-NDJSON").data.endswith(b"}\n")
    for accepted in ("text/plain;q=0", "*/*;q=0", "text/plain;q=x", "/"):
        assert http("GET", "/v1/text/docs/case", Accept=accepted).status == 406


def test_a_value_like_a_message_is_refused_in_linear_time(serving, stores):
    body = b'"' + b" - at `$" * 100_000 + b'"'
    with serving(stores, max_body=1 << 20) as http:
        assert http("PUT", "/v1/kinds/docs/a", body, Content_Type="application/json").status == 422


def test_post_creates_a_key_that_sorts_by_time(http, stores):
    made = [http("POST", "/v1/text/docs/notes/", b"hello").headers for _ in range(2)]
    keys = [each["Location"].removeprefix("/v1/text/docs/") for each in made]
    assert set(keys) == set(stores["text"].scan("notes/"))
    assert [stores["text"].tag(key) for key in keys] == [each["ETag"].strip('"') for each in made]
    assert http("GET", made[0]["Location"]).data == b"hello"
    assert http("POST", "/v1/text/docs", b"hello").status == 201
    assert http("POST", "/v1/text/docs/notes", b"hello").status == 405
    assert http("PUT", "/v1/text/docs/notes/", b"hello").status == 405


def test_no_change_of_concurrent_writers_is_lost(http, stores):
    stores["bytes"]["counter"] = b"0"

    def add():
        for _ in range(5):
            done = 412
            while done == 412:
                read = http("GET", "/v1/bytes/docs/counter")
                more = str(int(read.data) + 1).encode()
                done = http("PUT", "/v1/bytes/docs/counter", more, If_Match=read.headers["ETag"]).status

    writers = [threading.Thread(target=add) for _ in range(4)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert stores["bytes"]["counter"] == b"20"
    assert stores["bytes"].tag("never") == ABSENT


def test_a_store_that_is_not_served_is_404(http):
    assert http("GET", "/v1/other/docs/a").status == 404
    assert http("GET", "/v2").status == 404
    assert http("OPTIONS", "/v1/bytes/docs/a").status == 200
    assert http("TRACE", "/v1/bytes/docs/a").status in (400, 405)
