"""A writer that another one overtakes between two of its requests: what its caller is told, and what history has."""

from collections.abc import Callable
from typing import Any

import pytest

from holdall import ABSENT, Versions
from holdall.errors import Conflict
from holdall.keys import is_reserved
from holdall.store import Store, Tag
from tests.middleware.versions.test_versions import values
from tests.middleware.versions.weaker import KINDS, Weaker

CLAIMING = pytest.mark.parametrize("lacks", [kind for kind in KINDS if "ATOMIC" in kind])


class Overtaken(Weaker):
    """Before the next write of a head, or of a record, somebody else does ``meanwhile``, once."""

    meanwhile: Callable[[Store[bytes]], object] | None = None
    before_record = False

    def _let(self, key: str) -> None:
        act = self.meanwhile
        if act is not None and is_reserved(key) == self.before_record and ".holdall/deleted" not in key:
            self.meanwhile = None
            act(self)

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        self._let(key)
        return super().swap(key, value, expected)

    def remove(self, key: str, /, expected: Tag) -> None:
        self._let(key)
        super().remove(key, expected)


def mend(below: Store[bytes]) -> None:
    assert [one.mended for one in Versions(below).fsck(mend=True)] == [True]


def write(below: Store[bytes]) -> None:
    Versions(below)["a"] = b"other"


def store_of(lacks: str, *held: bytes) -> tuple[Overtaken, Versions[bytes]]:
    below = Overtaken("", lacks)
    store = Versions(below)
    for value in held:
        store["a"] = value
    return below, store


@CLAIMING
def test_a_claim_that_another_brought_forward_is_written_once(lacks: str) -> None:
    below, store = store_of(lacks, b"1")
    below.meanwhile = mend
    tag = store.swap("a", b"2", store.tag("a"))
    assert tag == store.tag("a")
    assert values(store, "a") == [b"1", b"2"]
    below.meanwhile = mend
    assert store.modify("a", lambda value: value + b"+") == b"2+"
    below.meanwhile = mend
    assert store.pop("a") == b"2+"
    assert values(store, "a") == [b"1", b"2", b"2+", None]
    for expected in (ABSENT, store.swap("b", b"1", ABSENT)):
        key = "a" if expected == ABSENT else "b"
        assert store.swap(key, b"3", expected) == store.tag(key)
    assert list(store.fsck()) == []


@CLAIMING
def test_a_claim_that_another_brought_forward_and_replaced_has_a_tag_that_nothing_carries(lacks: str) -> None:
    below, store = store_of(lacks, b"1")
    below.meanwhile = write
    tag = store.swap("a", b"2", store.tag("a"))
    assert tag not in (ABSENT, store.tag("a"))
    assert values(store, "a") == [b"1", b"2", b"other"]
    below.meanwhile = write
    del store["a"]
    assert values(store, "a") == [b"1", b"2", b"other", None, b"other"]
    assert list(store.fsck()) == []


@CLAIMING
def test_a_claim_that_is_taken_is_helped_and_decided_again(lacks: str) -> None:
    below, store = store_of(lacks, b"1")
    below.before_record, below.meanwhile = True, write
    store["a"] = b"2"
    assert values(store, "a") == [b"1", b"other", b"2"]
    below.meanwhile = write
    with pytest.raises(Conflict):
        store.swap("a", b"3", store.tag("a"))
    below.meanwhile = write
    assert store.modify("a", lambda value: value + b"+") == b"other+"
    assert values(store, "a")[2:] == [b"2", b"other", b"other", b"other+"]


@CLAIMING
@pytest.mark.parametrize("deleted", [False, True])
def test_a_creation_that_another_recorded_and_replaced_is_written_once(lacks: str, deleted: bool) -> None:
    below, store = store_of(lacks)
    if deleted:
        store["a"] = b"0"
        del store["a"]
    if deleted and "REMOVE" in lacks:
        return  # the deletion is a head there, so nothing is created
    below.before_record, below.meanwhile = True, write
    tag = store.swap("a", b"1", ABSENT)
    assert tag != store.tag("a")
    assert values(store, "a") == [*([b"0", None] if deleted else []), b"1", b"other"]
    assert list(store.fsck()) == []


@CLAIMING
def test_a_creation_that_a_writer_without_versions_replaced_is_in_history(lacks: str) -> None:
    def replace(below: Any) -> None:
        Weaker.__setitem__(below, "a", b"bare")

    below, store = store_of(lacks)
    below.before_record, below.meanwhile = True, replace
    store["a"] = b"1"
    assert store["a"] == b"bare"
    assert values(store, "a") == [b"1", b"bare"]
    mend(below)
    assert values(store, "a") == [b"1", b"bare"]


@CLAIMING
def test_a_creation_that_another_made_first_is_a_conflict(lacks: str) -> None:
    below, store = store_of(lacks)
    below.meanwhile = write
    with pytest.raises(Conflict):
        store.swap("a", b"1", ABSENT)
    assert values(store, "a") == [b"other"]


@CLAIMING
def test_a_bare_value_that_is_replaced_recorded_and_written_again_is_two_revisions(lacks: str) -> None:
    """Where tags are hashes, only the record shows that another value was there in the meantime."""

    def replace(below: Any) -> None:
        Weaker.__setitem__(below, "a", b"other")
        mend(below)
        Weaker.__setitem__(below, "a", b"bare")

    below, store = store_of(lacks, b"0")
    Weaker.__setitem__(below, "a", b"bare")
    below.before_record, below.meanwhile = True, replace
    store["a"] = b"1"
    assert values(store, "a") == [b"0", b"other", b"bare", b"1"]
    assert list(store.fsck()) == []


@CLAIMING
def test_a_creation_that_was_replaced_by_a_recorded_value_is_decided_again(lacks: str) -> None:
    def replace(below: Any) -> None:
        Weaker.__setitem__(below, "a", b"bare")
        write(below)

    below, store = store_of(lacks)
    below.before_record, below.meanwhile = True, replace
    store["a"] = b"1"
    assert values(store, "a") == [b"bare", b"other", b"1"]
    assert list(store.fsck()) == []
