"""The contents of a store that an earlier release wrote: `write` them, `check` them, and `write_on`."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from holdall import Feature, Revision, Store, note

LONG = "k" * 400

BYTES: dict[str, bytes] = {
    "a": b"",
    "a/b": b"\0\xff\r\n",
    "invoices/2026/17": bytes(range(256)) * 40,
    "é/ü/\U00010000": "prix: 12 €".encode(),
    LONG: b"the longest key",
}

DOCUMENTS: dict[str, Any] = {
    "a": {},
    "a/b": {"text": "é\U00010000", "count": 3, "ratio": 0.5, "paid": False, "note": None},
    "invoices/2026/17": {"lines": [{"description": "rent", "code": "4400"}] * 40},
    "é/ü/\U00010000": {"nested": {"deep": {"deeper": ["x", ""]}}},
}

TEXTS: dict[str, str] = {"a": "", "é/ü": "prix: 12 €\n\0\U00010000"}

HISTORY: list[tuple[str, bool, str, str, Any]] = [
    ("corrected", False, "Ann", "the discount was missing", {"total": "110.00"}),
    ("corrected", False, "Bob", "", {"total": "100.00"}),
    ("deleted", True, "Ann", "entered twice", None),
    ("deleted", False, "Ann", "", {"total": "7.00"}),
    ("created again", False, "Bób", "it was right", {"total": "9.00"}),
    ("created again", True, "", "", None),
    ("created again", False, "", "", {"total": "8.00"}),
]
"""Key, whether the revision is a deletion, author, message and value; the newest revision of a key first."""


def write(store: Store[Any], values: dict[str, Any]) -> None:
    """Fill a new store, and its history if it keeps one."""
    store.update(values)
    if Feature.HISTORY in store.features:
        for key, deleted, author, message, value in reversed(HISTORY):
            with note(author, message):
                if deleted:
                    del store[key]
                else:
                    store[key] = value


def check(store: Store[Any], values: dict[str, Any]) -> None:
    """Every value reads as it was written, and every revision of the history is told."""
    newest = {key: value for key, deleted, _, _, value in reversed(HISTORY) if not deleted}
    if Feature.HISTORY in store.features:
        values = values | newest
        del values["deleted"]
        for key in newest:
            check_history(store, key)
    assert dict(store.items()) == values
    assert {key: store[key] for key in store} == values
    assert store.get("missing") is None


def check_history(store: Store[Any], key: str) -> None:
    """Every revision of ``key`` has its number, author, message, value and a time that does not go back."""
    expected = [row[1:] for row in HISTORY if row[0] == key]
    told: list[Revision] = list(store.history(key))
    assert [(each.deleted, each.author, each.message) for each in told] == [row[:3] for row in expected]
    assert [each.number for each in told] == list(range(len(expected), 0, -1))
    assert all(newer.time >= older.time for newer, older in pairwise(told))
    assert told[0].time < datetime.now(UTC)
    for revision, (deleted, _, _, value) in zip(told, expected, strict=True):
        assert deleted or store.at(key, revision.number) == value
    assert store.as_of(told[-1].time)[key] == expected[-1][-1]


def write_on(store: Store[Any], values: dict[str, Any]) -> None:
    """Every way of writing works on every key, and the history goes on."""
    first, *others = values
    for key in others:
        store[key] = values[first]
    store["new"] = values[others[0]]
    del store[first]
    if Feature.SWAP in store.features:
        value, tag = store.get_tagged("new")
        store.swap("new", values[first], tag)
        assert value == values[others[0]]
        values = values | {others[0]: values[others[0]]}
    else:
        store["new"] = values[first]
    expected = dict.fromkeys([*others, "new"], values[first])
    assert {key: store[key] for key in expected} == expected
    assert first not in store
    if Feature.HISTORY in store.features:
        with note("Cem", "a release later"):
            store["corrected"] = {"total": "120.00"}
        newest, before, *_ = store.history("corrected")
        assert (newest.number, newest.author, before.number, before.author) == (3, "Cem", 2, "Ann")
        assert store.at("corrected", 2) == HISTORY[0][-1]
