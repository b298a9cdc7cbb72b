"""Documents as MessagePack: by Accept and Content-Type, with ETags of their own."""

from decimal import Decimal

import msgspec
import pytest
from msgspec.msgpack import decode, encode

import holdall

MEDIA = "application/vnd.msgpack"


class Invoice(msgspec.Struct):
    total: Decimal


@pytest.fixture(scope="module")
def stores():
    return {
        "notes": holdall.Json(holdall.Memory()),
        "invoices": holdall.Json(holdall.Memory(), Invoice),
        "texts": holdall.Text(holdall.Memory()),
    }


@pytest.fixture(scope="module")
def http(serving, stores):
    stores["notes"]["a"] = {"n": [1, 2.5, None, "é"]}
    stores["texts"]["a"] = "text"
    with serving(stores) as client:
        yield client


@pytest.mark.parametrize(
    ("accept", "shown"),
    [
        (MEDIA, MEDIA),
        ("application/msgpack", "application/msgpack"),
        (f"application/json;q=0.5, {MEDIA}", MEDIA),
        (f"application/json, {MEDIA};q=0.9", "application/json"),
        (f"{MEDIA};q=0, */*", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        (f"text/html, {MEDIA};q=0.1", MEDIA),
        ("application/json;q=0, */*", MEDIA),
    ],
)
def test_the_client_chooses_the_form(http, stores, accept, shown):
    answer = http("GET", "/v1/notes/docs/a", Accept=accept)
    assert (answer.status, answer.headers["Content-Type"], answer.headers["Vary"]) == (200, shown, "Accept")
    read = answer.json() if "json" in shown else decode(answer.data)
    assert read == stores["notes"]["a"]


def test_a_form_that_the_store_does_not_have_is_406_or_415(http):
    assert http("GET", "/v1/notes/docs/a", Accept="text/html").status == 406
    assert http("GET", "/v1/texts/docs/a", Accept=MEDIA).status == 406
    assert http("PUT", "/v1/texts/docs/b", b"\x90", Content_Type=MEDIA).status == 415
    assert http("PUT", "/v1/notes/docs/b", b"\x90", Content_Type="application/cbor").status == 415


def test_a_document_is_written_as_messagepack(http, stores):
    put = http("PUT", "/v1/notes/docs/new", encode({"n": 1}), Content_Type=MEDIA)
    assert (put.status, stores["notes"]["new"]) == (201, {"n": 1})
    made = http("POST", "/v1/notes/docs/folder/", encode([1]), Content_Type="application/msgpack")
    assert stores["notes"][made.headers["Location"].partition("/docs/")[2]] == [1]
    for refused in (b"", b"\xc1", b"\x81\x01\x02", encode({"n": b"bytes"}), b"\x91" * 100_000):
        status = http("PUT", "/v1/notes/docs/bad", refused, Content_Type=MEDIA).status
        assert (status, "bad" in stores["notes"]) == (422, False), refused[:20]


def test_amounts_keep_their_digits(http, stores):
    assert http("PUT", "/v1/invoices/docs/a", encode({"total": "1.50"}), Content_Type=MEDIA).status == 201
    assert str(stores["invoices"]["a"].total) == "1.50"
    assert decode(http("GET", "/v1/invoices/docs/a", Accept=MEDIA).data) == {"total": "1.50"}
    assert http("PUT", "/v1/invoices/docs/a", encode({"total": []}), Content_Type=MEDIA).status == 422


def test_each_form_has_its_own_etag(http, stores):
    stores["notes"]["tagged"] = 1
    path = "/v1/notes/docs/tagged"
    json, packed = (http("GET", path, Accept=media).headers["ETag"] for media in ("application/json", MEDIA))
    assert json != packed
    for given, accept, status in [
        (packed, MEDIA, 304),
        (json, MEDIA, 200),
        (packed, "application/json", 200),
        (f"{json}, {packed}", "application/json", 304),
    ]:
        answer = http("GET", path, Accept=accept, If_None_Match=given)
        assert (answer.status, answer.headers["ETag"]) == (status, packed if accept == MEDIA else json)
    patched = http(
        "PATCH",
        path,
        doc={"x": 1},
        Accept=MEDIA,
        If_Match=packed,
        Content_Type="application/merge-patch+json",
    )
    assert (patched.status, decode(patched.data)) == (200, {"x": 1})
    assert http("PUT", path, encode(2), Content_Type=MEDIA, If_Match=packed).status == 412
    assert http("PUT", path, encode(2), Content_Type=MEDIA, If_Match=patched.headers["ETag"]).status == 204


def test_a_part_of_a_form_is_of_the_same_form(http):
    whole = http("GET", "/v1/notes/docs/a", Accept=MEDIA)
    part = http("GET", "/v1/notes/docs/a", Accept=MEDIA, Range="bytes=1-3", If_Range=whole.headers["ETag"])
    assert (part.status, part.data) == (206, whole.data[1:4])
    other = http("GET", "/v1/notes/docs/a", Range="bytes=1-3", If_Range=whole.headers["ETag"])
    assert other.status == 200
