"""The records that layers keep for themselves: their errors are in the words of the user."""

from collections.abc import Callable
from typing import Any

import pytest

from holdall import Memory, Zstd
from holdall.cursor import Cursor
from holdall.errors import Corrupt, Unavailable
from holdall.keys import is_reserved
from holdall.middleware.guard import Guard
from holdall.middleware.manifest import Manifest, forget, read_manifest, record
from holdall.store import Missing, Tag

OURS = Manifest(("compress=zstd",))


class Away(Memory):
    """A store that does not answer about reserved keys."""

    def _find(self, key: str, /) -> bytes | Missing:
        self._refuse(key)
        return super()._find(key)

    def __setitem__(self, key: str, value: bytes, /) -> None:
        self._refuse(key)
        super().__setitem__(key, value)

    def discard(self, key: str, /) -> None:
        self._refuse(key)
        super().discard(key)

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        self._refuse(key)
        return super().swap(key, value, expected)

    @staticmethod
    def _refuse(key: str) -> None:
        if is_reserved(key):
            raise Unavailable(f"no answer about {key!r} in s3://books", key=key)


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda store: Guard(store, OURS).get("a"), "the store's manifest"),
        (lambda store: Guard(store, OURS).__setitem__("a", b"1"), "the store's manifest"),
        (read_manifest, "the store's manifest"),
        (lambda store: record(store, OURS), "the store's manifest"),
        (forget, "the store's manifest"),
        (lambda store: Zstd(store, dictionary=7).__setitem__("a", b"1"), "dictionary 7 of the store"),
        (lambda store: Cursor(store, store, "").get(), "the record of the transfer"),
        (lambda store: Cursor(store, store, "").set("a", 1), "the record of the transfer"),
    ],
)
def test_an_error_about_a_record_names_no_reserved_key(use: Callable[[Any], object], words: str) -> None:
    with pytest.raises(Unavailable) as refusal:
        use(Away())
    assert (str(refusal.value), refusal.value.key) == (f"no answer about {words} in s3://books", None)


@pytest.mark.parametrize(
    "use",
    [
        read_manifest,
        lambda store: Cursor(store, store, "").get(),
    ],
)
def test_a_damaged_record_is_named_by_no_reserved_key(use: Callable[[Any], object]) -> None:
    store = Memory()
    Cursor(store, store, "").set("a", 1)
    store.raw(".holdall/")["manifest"] = b"?"
    for key in store.raw(".holdall/transfer/"):
        store.raw(".holdall/transfer/")[key] = b"?"
    with pytest.raises(Corrupt) as refusal:
        use(store)
    assert ".holdall" not in f"{refusal.value} {refusal.value.key}"
