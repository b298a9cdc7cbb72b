"""A write that fails half-way says which effect it had, and no message names a reserved key."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from holdall import ABSENT, Prefix, Versions
from holdall.errors import (
    HoldallError,
    InvalidKey,
    PermissionDenied,
    StoreFull,
    Unavailable,
)
from holdall.keys import is_reserved
from holdall.store import Operation, Tag, Tagged, key_of
from tests.middleware.versions.weaker import KINDS, Weaker

Fault = Callable[[str], HoldallError]


def full(key: str) -> HoldallError:
    return StoreFull(
        f"no room for {key!r} in /books, so this write changed nothing; free some space", key=key
    )


def denied(key: str) -> HoldallError:
    return PermissionDenied(f"{key[:77]!a}… is refused", key=key)


def away(key: str) -> HoldallError:
    return Unavailable(f"no answer about {key!r} in s3://books", key=key)


def unnamed(key: str) -> HoldallError:
    about = "/books/.holdall" if is_reserved(key) else "/books"
    return Unavailable(f"no answer from {about}", key=None if is_reserved(key) else key)


class Failing(Weaker):
    """A store whose call number ``turn`` raises the ``fault`` of its key, ``late``: after it was carried out."""

    turn = 10**6
    fault: Fault = staticmethod(full)
    late = False

    def _met(self, key: str, call: Callable[[], Any]) -> Any:
        self.turn -= 1
        if self.turn != 0:
            return call()
        if self.late:
            call()
        raise self.fault(key)

    def __getitem__(self, key: str, /) -> bytes:
        return self._met(key, lambda: Weaker.__getitem__(self, key))

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        return self._met(key, lambda: Weaker.get_tagged(self, key))

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        found = list(keys)
        yield from self._met(found[0] if found else "", lambda: Weaker.get_many(self, found))

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        yield from self._met(prefix, lambda: Weaker.scan(self, prefix, start=start, stop=stop))

    def __setitem__(self, key: str, value: bytes, /) -> None:
        self._met(key, lambda: Weaker.__setitem__(self, key, value))

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        return self._met(key, lambda: Weaker.swap(self, key, value, expected))

    def remove(self, key: str, /, expected: Tag) -> None:
        self._met(key, lambda: Weaker.remove(self, key, expected))

    def delete_many(self, keys: Iterable[str], /) -> None:
        found = list(keys)
        self._met(found[0] if found else "", lambda: Weaker.delete_many(self, found))

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        found = list(changes)
        self._met(key_of(found[0]), lambda: Weaker.transact(self, found))


def put(store: Any) -> None:
    store["a"] = b"new"


def delete(store: Any) -> None:
    del store["a"]


def swap(store: Any) -> None:
    store.swap("a", b"new", ABSENT if "a" not in store else store.tag("a"))


BEGINNINGS: dict[str, list[Callable[[Any], Any]]] = {
    "never": [],
    "there": [put, lambda store: store.__setitem__("a", b"old")],
    "deleted": [put, delete],
}


@pytest.mark.parametrize("lacks", KINDS)
@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("write", [put, swap, delete])
def test_every_refusal_says_which_effect_the_write_had(lacks: str, beginning: str, write: Any) -> None:
    if write is delete and beginning != "there":
        return
    for fault, late in ((full, False), (denied, False), (away, False), (away, True), (unnamed, True)):
        turn, met = 0, True
        while met:
            turn += 1
            met = check(lacks, beginning, write, fault, late, turn)


def check(lacks: str, beginning: str, write: Any, fault: Fault, late: bool, turn: int) -> bool:
    """Whether call number ``turn`` was made, and so failed."""
    below = Failing("", lacks)
    store = Versions(below)
    for step in BEGINNINGS[beginning]:
        step(store)
    old = store.get("a")
    below.fault, below.late, below.turn = fault, late, turn
    try:
        write(store)
    except HoldallError as error:
        said, key = str(error), error.key
    else:
        return below.turn <= 0  # it was a Conflict's loser, or of no effect
    now = store.get("a")
    list(store.fsck(mend=True))
    final = store.get("a")
    assert ".holdall" not in said
    assert key in (None, "a")
    may = "may change to its new state" in said
    assert ("has its new value" in said) <= (now == final == b"new")
    assert ("changed nothing" in said) <= (now == final == old)
    assert "changed nothing" not in said or not may
    new = None if write is delete else b"new"
    assert now in (old, new)
    assert final in (old, new)
    if fault in (full, denied) and now == final == old:
        assert not may
    if now != old or final != old:
        # A store that did not answer has said that it may have carried out the request about the key itself.
        assert may or "has its new value" in said or "no answer about 'a' in" in said or late
    return True


@pytest.mark.parametrize("lacks", KINDS)
@pytest.mark.parametrize("fault", [full, denied, away, unnamed])
def test_reading_history_names_no_reserved_key(lacks: str, fault: Fault) -> None:
    reads: list[Callable[[Versions[bytes]], object]] = [
        lambda store: [one.author for one in store.history("a")],
        lambda store: store.at("a", 1),
        lambda store: store.as_of(datetime.now(UTC)).get("a"),
        lambda store: list(store.as_of(datetime(2020, 1, 1, tzinfo=UTC)).items()),
        lambda store: list(store.items()),
        lambda store: store.prune(keep=1),
        lambda store: list(store.fsck()),
    ]
    for read in reads:
        below = Failing("", lacks)
        store = Versions(below)
        store.update(a=b"1", b=b"1")
        store.update(a=b"2", b=b"2")
        store.discard("b")
        below.fault = fault
        for turn in range(1, 9):
            below.turn = turn
            assert ".holdall" not in refusal(read, store)


def refusal(read: Callable[[Any], object], store: Any) -> str:
    """The message and the key of the error that ``read`` raises; empty if it raises none."""
    try:
        read(store)
    except HoldallError as error:
        return f"{error} {error.key}"
    return ""


def test_a_refusal_names_the_key_whose_history_it_is_about() -> None:
    below = Failing("", "ATOMIC")
    store = Versions(below)
    store["a'b"] = b"1"
    below.turn, below.fault = 2, full
    with pytest.raises(StoreFull) as full_disk:
        store["a'b"] = b"2"
    expected = 'no room for the history of "a\'b" in /books, so this write changed nothing; free some space'
    assert (str(full_disk.value), full_disk.value.key) == (expected, "a'b")


@pytest.mark.parametrize("lacks", KINDS)
def test_a_key_that_is_too_long_with_its_prefix_is_refused_before_anything_is_written(lacks: str) -> None:
    below = Weaker("", lacks)
    store = Versions(Prefix(below, "p" * 40))
    store["k" * 380] = b"1"
    with pytest.raises(InvalidKey, match="versions") as too_long:
        store["k" * 381] = b"1"
    assert ".holdall" not in str(too_long.value)
    assert list(store) == ["k" * 380]
    then = datetime.now(UTC)
    store["k" * 380] = b"2"
    store.discard("k" * 380)
    assert not store
    assert list(store.as_of(then).items()) == [("k" * 380, b"1")]
    assert list(store.fsck()) == []
    assert store.prune(keep=1) == 2
