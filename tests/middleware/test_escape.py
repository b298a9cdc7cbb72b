"""Escape: any text is a key of its own, in the order of texts, and scans find it by any prefix and bound."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdall import Conflict, Escape, InvalidKey, Memory, Prefix
from holdall.keys import check_key
from holdall.store import ABSENT
from holdall.testing import LayerTests
from holdall.testing.keyspace import BAD, GOOD
from tests.test_layers import BY_SCANNING

ODD = "\0\x1f !.-/0[\\]~\x7f\x9f\xa0a\ud7ff\ud800\udfff\ue000\U0010ffff"
texts = st.text(st.sampled_from(ODD), max_size=6) | st.text(st.characters(exclude_categories=()), max_size=12)
SHORT = [text for text in BAD if len(text) < 100]


_ONE_BY_ONE = ["scan", "delete_many"]


class TestForwarding(LayerTests[bytes]):
    instead = BY_SCANNING | {"delete_prefix": _ONE_BY_ONE, "clear": _ONE_BY_ONE}

    @pytest.fixture
    def wrap(self) -> Any:
        return Escape


def by_point(text: str) -> list[int]:
    """What text is ordered by, also where it has lone surrogates."""
    return list(map(ord, text))


def stored(text: str) -> str:
    """The key below for ``text``."""
    below = Memory()
    Escape(below)[text] = b""
    (key,) = below
    return key


@given(texts)
def test_any_text_is_a_portable_key_and_comes_back(text: str) -> None:
    check_key(stored(text))
    store = Escape(Memory())
    store[text] = b"1"
    assert (list(store), dict(store.items()), text in store) == ([text], {text: b"1"}, True)


@given(texts, texts)
@example("a/", "a/\0")
@example("", "\0")
@example(".", "/")
def test_keys_are_as_distinct_and_ordered_as_texts(one: str, other: str) -> None:
    assert (stored(one) < stored(other)) == (by_point(one) < by_point(other))
    assert (stored(one) == stored(other)) == (one == other)


@given(st.sets(texts, max_size=12), texts, texts, st.none() | texts)
def test_scans_find_what_plain_python_finds(
    held: set[str], prefix: str, start: str, stop: str | None
) -> None:
    store = Escape(Memory())
    store.update((text, b"") for text in held)
    expected = [
        text
        for text in sorted(held, key=by_point)
        if text.startswith(prefix)
        and by_point(text) >= by_point(start)
        and (stop is None or by_point(text) < by_point(stop))
    ]
    assert list(store.scan(prefix, start=start, stop=stop)) == expected
    assert [key for key, _ in store.scan_items(prefix, start=start, stop=stop)] == expected
    assert [key for key, _ in store.scan_tags(prefix, start=start, stop=stop)] == expected


@pytest.mark.parametrize("part", ["", ".", "/", "a/", "\\", " ", "\ud800"])
def test_every_part_of_a_text_is_a_prefix_of_it(part: str) -> None:
    store = Escape(Memory())
    for text in (part, part + "a", part + "/", part + ".", part + "\0"):
        store[text] = b""
    assert len(list(store.scan(part))) == 5


def test_every_character_is_kept_and_in_order() -> None:
    points = [*range(0x180), *range(0xD700, 0xE100), *range(0x10FFF0, 0x110000)]
    for before in ("", "/", "a", "a/"):
        keys = [stored(before + chr(point)) for point in points]
        assert keys == sorted(set(keys))


def test_most_texts_are_their_own_key() -> None:
    for text in ("invoices/2026/17", "a-b_c", "é/日本", "%2F", "index.html", "a.b", "x" * 400):
        assert stored(text) == text


def test_a_text_that_is_too_long_is_invalid_key() -> None:
    store = Escape(Memory())
    store["\0" * 200] = b""
    for text in ("\0" * 201, "x" * 401, "x" * 399 + "/" * 2):
        with pytest.raises(InvalidKey, match="bytes") as refused:
            store[text] = b""
        assert refused.value.key == text
    assert len(store) == 1


def test_what_no_text_is_written_as_is_not_shown_nor_touched() -> None:
    below = Memory()
    foreign = ["a b", "[x]", "~", ".hidden", "a/.", " x", "a ", ".0", "\ud7ff", "\ud7ffa", "a/ /b"]
    below.update((key, b"") for key in foreign if key != "a/.")
    store = Escape(below)
    store["mine"] = b"1"
    assert (list(store), len(store), dict(store.items())) == (["mine"], 1, {"mine": b"1"})
    for clear in (store.clear, lambda: store.delete_prefix("")):
        store["mine"] = b"1"
        clear()
        assert not store
        assert len(below) == len(foreign) - 1


@pytest.mark.parametrize("text", SHORT)
def test_every_operation_takes_any_text(text: str) -> None:
    store: Any = Escape(Memory())
    tag = store.swap(text, b"1", ABSENT)
    assert store.get_tagged(text) == (b"1", tag)
    with pytest.raises(Conflict):
        store.swap(text, b"2", ABSENT)
    assert store.modify(text, lambda value: value + b"2") == store[text] == store.get(text) == b"12"
    assert store.setdefault(text, b"3") == b"12"
    assert list(store.get_many([text, "none"])) == [(text, b"12")]
    assert store.size(text) == 2
    assert store.popitem() == (text, b"12")
    for operation in (store.__getitem__, store.__delitem__, store.pop, store.get_tagged):
        with pytest.raises(KeyError) as missing:
            operation(text)
        assert missing.value.args == (text,)
    store.discard(text)
    assert (store.pop(text, 7), text in store) == (7, False)


def test_portable_keys_and_others_stand_side_by_side() -> None:
    store = Escape(Memory())
    every = {*GOOD, *SHORT}
    store.update((text, text.encode("utf-8", "surrogatepass")) for text in every)
    assert list(store) == sorted(every, key=by_point)
    assert all(store[text] == text.encode("utf-8", "surrogatepass") for text in every)


def test_reserved_keys_are_not_a_users() -> None:
    below = Memory()
    below.raw()[".holdall/manifest"] = b"ours"
    store = Escape(Prefix(below, "app"))
    store[".holdall/manifest"] = b"mine"
    assert list(store) == list(store.scan(".holdall/")) == [".holdall/manifest"]
    store.clear()
    assert below.raw()[".holdall/manifest"] == b"ours"
