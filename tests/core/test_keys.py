"""The key grammar and spans, against a grammar and an arithmetic written another way."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdall.errors import InvalidKey
from holdall.keys import RawKey, Span, check_key, fits, is_reserved, past_reserved, raw_key, successor
from holdall.testing.keyspace import BAD, GOOD, NO_STR, between, keys, near_keys, spans

_odd = st.text(st.sampled_from("ab./\\\0\x85é\ud800\U0001f4da") | st.characters(), max_size=12)


def belongs(key: str) -> bool:
    """The grammar as its sentence says it."""
    if any(unicodedata.category(char) in ("Cc", "Cs") or char == "\\" for char in key):
        return False
    segments = key.split("/")
    return 1 <= len(key.encode()) <= 400 and not {"", ".", "..", ".holdall"} & {*segments}


@given(_odd | _odd.map("a/{}/b".format) | st.sampled_from([*GOOD, *BAD]))
@example("a\n")
@example("a/.holdall")
@example("x" * 400)
@example("x" * 401)
@example("é" * 200)
def test_a_key_is_taken_where_the_grammar_has_it(key: str) -> None:
    if belongs(key):
        check_key(key)
    else:
        with pytest.raises(InvalidKey) as refusal:
            check_key(key)
        assert refusal.value.key == key
        assert str(refusal.value).isascii() or "…" in str(refusal.value)


def test_the_lists_of_the_suite_are_what_they_say() -> None:
    assert [key for key in GOOD if not belongs(key)] == []
    assert [key for key in BAD if belongs(key)] == []
    assert len(set(GOOD)) == len(GOOD)


@given(keys() | near_keys())
def test_keys_of_the_suite_are_in_the_grammar(key: str) -> None:
    check_key(key)


@pytest.mark.parametrize("key", NO_STR)
def test_what_is_no_str_is_no_key(key: object) -> None:
    with pytest.raises(TypeError, match="a key is a str, not "):
        check_key(key)  # type: ignore[arg-type]


def test_a_refusal_shows_a_long_key_in_part() -> None:
    with pytest.raises(InvalidKey) as refusal:
        check_key("x" * 100_000)
    assert len(str(refusal.value)) < 200


def test_a_raw_key_may_be_reserved_and_longer_and_nothing_else() -> None:
    for key in (".holdall", "a/.holdall/b", "x" * 480):
        check_key(raw_key(key))
    for key in ("", "..", "a//.holdall", ".holdall/\0", "x" * 481):
        with pytest.raises(InvalidKey):
            raw_key(key)
    with pytest.raises(InvalidKey):
        check_key(RawKey("é" * 241))


def test_reserved_is_a_whole_segment() -> None:
    reserved = [".holdall", ".holdall/a", "a/.holdall", "a/.holdall/b"]
    free = ["holdall", ".holdall2", "a.holdall", "a/x.holdall/b", ".HOLDALL"]
    assert [is_reserved(key) for key in (*reserved, *free)] == [True] * 4 + [False] * 5


_points = st.sampled_from("a\ud7ff\ue000\uffff\U00010000\U0010ffff") | st.characters(codec="utf-8")


@given(st.text(_points, max_size=4), st.text(_points, max_size=4))
def test_a_successor_is_after_the_prefix_and_nothing_is_between(prefix: str, other: str) -> None:
    after = successor(prefix)
    if after is None:
        assert re.fullmatch("\U0010ffff*", prefix)
        assert other.startswith(prefix) == (other >= prefix)
    else:
        assert prefix < after
        assert other.startswith(prefix) == (prefix <= other < after)


@given(st.sets(near_keys()), spans())
def test_a_span_holds_what_a_scan_yields(chosen: set[str], bounds: tuple[str, str, str | None]) -> None:
    span = Span.of(*bounds)
    assert sorted(key for key in chosen if key in span) == between(chosen, *bounds)
    assert not span.empty or between(chosen, *bounds) == []


def test_a_span_hides_what_is_reserved_but_from_a_raw_prefix() -> None:
    assert "a/.holdall/b" not in Span.of("a/")
    assert "a/.holdall/b" in Span.of(RawKey("a/"))
    assert "a/.holdalls" in Span.of("a/")
    assert 7 not in Span.of("")


def test_a_span_whose_bounds_meet_is_empty() -> None:
    assert Span.of(stop="a", start="a").empty
    assert Span.of("a", stop="a").empty
    assert not Span.of("a", stop="a\0").empty
    assert not Span.of().empty


@pytest.mark.parametrize("part", [".holdall", "a/.holdall", "a/b/.holdall"])
def test_a_scan_goes_on_right_after_what_is_reserved(part: str) -> None:
    assert part < past_reserved(part) <= f"{part} notes"
    assert (
        f"{part}/\U0010ffff" < past_reserved(f"{part}/manifest") == past_reserved(f"{part}/a/b") <= f"{part}0"
    )


@given(
    st.lists(st.sampled_from(["a", "b c", ".holdall", ".holdallx", "x.holdall", ".", "..", "", ".holdall "]))
)
def test_a_name_fits_if_its_segments_do(segments: list[str]) -> None:
    allowed = bool(segments) and not {"", ".", ".."} & set(segments)
    assert fits("/".join(segments)) == allowed
    if allowed:
        assert raw_key("/".join(segments)) == "/".join(segments)
