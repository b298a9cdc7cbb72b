"""Versions that the bucket keeps: the same face, and no second copy."""

import pickle
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

import holdall
from holdall import Json, Memory, Note, Prefix, ReadOnly, Versions
from holdall.adapters.gcs import GCS
from holdall.adapters.s3 import S3
from holdall.errors import Conflict, NoRevision, PermissionDenied, StoreNotFound, TooLarge, Unsupported
from holdall.history import UNKNOWN
from holdall.store import Feature, Store

SERVERS = ("moto", "moto_server", "seaweed", "fake_gcs")


def keep_versions(store: Any) -> None:
    """Set the bucket of ``store`` up, which is created by that."""
    if isinstance(store, S3):
        told = {"Status": "Enabled"}
        store.client.put_bucket_versioning(Bucket=store._bucket.name, VersioningConfiguration=told)
    else:
        bucket = store.client.get_bucket(store._bucket.name)
        bucket.versioning_enabled = True
        bucket.patch()


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def below(server: str, request: pytest.FixtureRequest) -> Iterator[Store[bytes]]:
    with request.getfixturevalue(server).store(prefix="books") as store:
        keep_versions(store)
        yield store


@pytest.fixture
def store(below: Store[bytes]) -> Versions[bytes]:
    return Versions(below, history="native")


def numbers(store: Store[Any], key: str) -> list[int]:
    return [revision.number for revision in store.history(key)]


def values(store: Store[Any], key: str) -> list[Any]:
    """From the first on; None for a deletion."""
    told = []
    for revision in store.history(key):
        try:
            told.append(store.at(key, revision.number))
        except KeyError:
            assert revision.deleted
            told.append(None)
    return told[::-1]


def test_every_write_is_a_revision(store: Versions[bytes]):
    store["a"] = b"1"
    store.update(a=b"2", b=b"other")
    tag = store.get_tagged("a").tag
    store.swap("a", b"3", tag)
    store.modify("a", lambda value: value + b"!")
    del store["a"]
    store.setdefault("a", b"5")
    del store["a"]
    store.set_many([("a", b"7")])
    store.discard("a")
    store["a"] = b"9"
    store.delete_many(["a", "missing"])
    store["a"] = b""
    assert values(store, "a") == [b"1", b"2", b"3", b"3!", None, b"5", None, b"7", None, b"9", None, b""]
    assert numbers(store, "a") == list(range(12, 0, -1))
    assert values(store, "b") == [b"other"]


def test_nothing_is_kept_twice(below: Store[bytes], store: Versions[bytes]):
    store["a"] = b"1"
    store["a"] = b"2"
    assert list(below.raw().scan()) == ["a"]
    assert below["a"] == b"2"
    assert Feature.HISTORY in store.features
    assert Feature.HISTORY not in below.features


def test_deletions_of_nothing_are_none(store: Versions[bytes]):
    store.discard("a")
    store.delete_many(["a", "b"])
    store["a"] = b"1"
    store.discard("a")
    store.discard("a")
    assert values(store, "a") == [b"1", None]
    with pytest.raises(KeyError):
        store.history("b")


def test_an_unchanged_value_is_a_revision_too(store: Versions[bytes]):
    for _ in range(3):
        store["a"] = b"same"
    assert values(store, "a") == [b"same"] * 3


def test_who_why_and_when(below: Store[bytes], store: Versions[bytes]):
    before = datetime.now(UTC)
    store["a"] = b"0"
    with store.note(author="Ann", message="first"):
        store.set_many([("a", b"1"), ("b", b"1")])
        with store.note(message="Tippfehler: «ß»\nzweite Zeile"):
            store.modify("a", bytes.upper)
        del store["a"]
    assert [revision.note for revision in store.history("a")] == [
        Note(UNKNOWN),
        Note("Ann", "Tippfehler: «ß»\nzweite Zeile"),
        Note("Ann", "first"),
        Note(),
    ]
    assert [revision.note for revision in store.history("b")] == [Note("Ann", "first")]
    times = [revision.time for revision in store.history("a")]
    assert times == sorted(times, reverse=True)
    assert before - timedelta(seconds=2) < times[-1] <= times[0] < datetime.now(UTC) + timedelta(seconds=2)
    assert {time.tzinfo for time in times} == {UTC}


def test_the_author_of_the_store_is_who_wrote_unless_a_note_says_so(below: Store[bytes]):
    below["a"] = b"0"
    store = Versions(below, author="import", history="native")
    store["a"] = b"1"
    with store.note(author="Ann", message="why"):
        store["a"] = b"2"
    told = [one.note for one in store.history("a")]
    assert told == [Note("Ann", "why"), Note("import"), Note(UNKNOWN)]


def test_the_longest_note_fits_beside_the_traces_of_swaps_and_a_longer_one_is_refused(
    store: Versions[bytes],
):
    store["a"] = b""
    with store.note(author="é" * 127, message="é" * 373):
        for _ in range(40):
            store.modify("a", lambda value: value + b"!")
    assert next(store.history("a")).note == Note("é" * 127, "é" * 373)
    for wrong in ({"author": "x" * 256}, {"message": "x" * 1001}):
        with store.note(**wrong), pytest.raises(TooLarge):
            store["a"] = b"1"
    assert store["a"] == b"!" * 40


def test_what_never_was(store: Versions[bytes]):
    store["a/b"] = b"1"
    for missing in ("a", "b"):
        with pytest.raises(KeyError) as error:
            store.history(missing)
        assert error.value.args == (missing,)
        with pytest.raises(KeyError):
            store.at(missing, 1)
    for number in (0, -1, 2, 10**13):
        with pytest.raises(
            NoRevision, match=f"has no revision {number}; its revisions are 1 to 1"
        ) as refusal:
            store.at("a/b", number)
        assert refusal.value.key == "a/b"


def test_histories_of_keys_below_and_beside_each_other_are_apart(store: Versions[bytes]):
    keys = ["a", "a/b", "a-b", "a/b/c", "a b", "a.holdall"]
    for key in keys:
        store[key] = key.encode()
        store[key] = key.encode() * 2
    for key in keys:
        assert values(store, key) == [key.encode(), key.encode() * 2]
    now = store.as_of(datetime.now(UTC) + timedelta(minutes=1))
    assert list(now.scan_items()) == [(key, key.encode() * 2) for key in sorted(keys)]
    assert list(now.scan("a/")) == ["a/b", "a/b/c"]
    assert list(now.scan(start="a-b", stop="a/b")) == ["a-b", "a.holdall"]


def test_revert_and_undelete(store: Versions[bytes]):
    store["a"] = b"1"
    store["a"] = b"2"
    del store["a"]
    store.undelete("a")
    with pytest.raises(Conflict):
        store.undelete("a")
    store.revert("a", 1)
    store.revert("a", 3)
    assert values(store, "a") == [b"1", b"2", None, b"2", b"1", None]


def test_documents_have_a_history_under_their_layers(below: Store[bytes]):
    books = Versions(Json(Prefix(below, "app")), author="Ann", history="native")
    books["a"] = {"total": 1}
    books["a"] = {"total": 2}
    assert books.diff("a", 1, 2) == [{"op": "replace", "path": "/total", "value": 2}]
    assert ReadOnly(books).at("a", 1) == {"total": 1}
    again = pickle.loads(pickle.dumps(books))
    assert repr(again) == repr(books)
    assert [(one.number, one.author) for one in again.history("a")] == [(2, "Ann"), (1, "Ann")]


def test_the_store_as_it_was_is_for_reading(store: Versions[bytes]):
    store["a"] = b"1"
    then = store.as_of(datetime(2000, 1, 1, tzinfo=UTC))
    assert list(then) == []
    for write in (lambda: then.__setitem__("a", b"2"), lambda: then.__delitem__("a")):
        with pytest.raises(PermissionDenied):
            write()
    with pytest.raises(KeyError):
        then["a"]
    with pytest.raises(ValueError, match="time zone"):
        store.as_of(datetime(2000, 1, 1))  # noqa: DTZ001 - that is what is wrong


def test_what_keeps_none_is_refused_with_the_remedy(server: str, request: pytest.FixtureRequest):
    with request.getfixturevalue(server).store() as plain:
        plain["a"] = b"1"
        with pytest.raises(Unsupported, match=r"enable them \((aws|gcloud) "):
            Versions(plain, history="native")
        keep_versions(plain)
        assert values(Versions(plain, history="native"), "a") == [b"1"]
    where = type(plain)(f"b{uuid4().hex}", endpoint_url=request.getfixturevalue(server).endpoint)
    with where as missing, pytest.raises(StoreNotFound):
        Versions(missing, history="native")


def test_other_stores_are_refused():
    with pytest.raises(Unsupported, match="history=on"):
        Versions(Json(Memory()), history="native")


def test_the_bucket_prunes_and_has_no_records_to_check(store: Versions[bytes]):
    with pytest.raises(Unsupported, match="lifecycle"):
        store.prune(keep=1)
    with pytest.raises(Unsupported, match="by itself"):
        store.fsck()
    with pytest.raises(Unsupported):
        Versions(store)


@pytest.mark.parametrize("server", ["moto", "moto_server", "seaweed"])  # fake-gcs-server drops the newest
def test_what_the_bucket_dropped_is_gone_and_numbers_begin_again(below: S3, store: Versions[bytes]):
    for value in (b"1", b"2", b"3"):
        store["a"] = value
    entries = below.client.list_object_versions(Bucket=below._bucket.name)["Versions"]
    told = store.history("a")
    below.client.delete_object(Bucket=below._bucket.name, Key="books/a", VersionId=entries[-1]["VersionId"])
    assert [one.author for one in told] == ["", "", UNKNOWN]
    assert values(store, "a") == [b"2", b"3"]
    assert numbers(store, "a") == [2, 1]


def test_an_address_names_it(below: Any, server: str):
    scheme = "gs" if isinstance(below, GCS) else "s3"
    client = below.client
    endpoint = client.api_endpoint if scheme == "gs" else client.meta.endpoint_url
    where = f"{scheme}://{below._bucket.name}/books?endpoint_url={endpoint}"
    with holdall.open(f"{where}&history=native&serializer=json&cache=60s") as books:
        books["a"] = {"total": 1}
        assert numbers(books, "a") == [1]
        assert isinstance(books, Versions)
    with holdall.open(f"{where}&serializer=json") as books:
        assert books["a"] == {"total": 1}
