"""Keys that stores were seen to fold, drop or refuse, and a second definition of their order and spans."""

import itertools
from collections.abc import Iterable

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

GOOD = (
    *("a", "A", "b", "B", "aa", "a/b", "a/B", "a/b/c", "a/b c", "a-b", "a.b", "a!", "a0"),
    *(" a", "a ", "a /b", " ", "...", "..a", "a..", ".a", "a.", "-", "--", "-rf", "~", "~root"),
    *("%", "%2F", "%2e%2e", "a%2Fb", "%00", "+", "a+b", "&"),
    *("?a=b", "#a", "a;b", "a,b", "a=b", "@", "$HOME"),
    *(":", "a:b", "C:", "<>|*", '"', "'", "''; --", "`"),
    *("{a}", "[a]", "(a)", "^", "_", "__", "*", "?"),
    *("CON", "con", "nul.txt", "aux", "COM1"),
    *("index.html", ".git", "holdall", ".holdall2", "a.holdall"),
    *(".HOLDALL", "x.holdall/y", "a.tmp", "a.lock", "a~", ".DS_Store"),
    *("a.json", "0", "00", "1", "10", "9"),
    *("é", "e\u0301", "\u212b", "\u00c5", "ß", "SS", "ss", "İ"),
    *("i", "ı", "ﬁ", "fi", "Σ", "σ", "ς", "É", "É/é", "é/É", "Я", "я", "\u2126", "ω", "\u212a"),
    *("日本", "עברית", "\u202eabc", "\u200d", "\u00a0", "\u3000", "\u2028", "\ufeff", "\ufffd"),
    *("\ufffe", "\uffff", "\ud7ff", "\ue000", "\U00010000", "\U0001f4da", "\U0001f468\u200d\U0001f469"),
    *("\U0010ffff", "\uffff/a", "\U00010000/a", "a\uffff", "a\U00010000"),
    *("x" * 255, "x" * 256, "x" * 400, "X" * 400, "é" * 200, "日" * 133, "\U0001f4da" * 100),
    *("/".join("a" * 200), "/".join("b" * 200), "y" * 199 + "/" + "y" * 200),
)
"""Keys within the grammar, which must all be able to exist in a store at the same time."""

BAD = (
    *("", "/", "//", "/a", "a/", "a//b", ".", "..", "./a", "../a", "a/.", "a/..", "a/./b"),
    *("a/../b", "../../etc"),
    *("\0", "a\0b", "a\n", "\n", "a\rb", "\t", "\x1f", "\x7f", "\x80", "\x9f", "a\x85b", "\\"),
    *("a\\b", "..\\a"),
    *("\ud800", "a\udfff", "\udc80/b"),
    *("x" * 401, "é" * 200 + "a", "\U0001f4da" * 101, "a/" * 200 + "ab"),
    *(".holdall", ".holdall/a", "a/.holdall", "a/.holdall/b"),
)
"""Texts outside the grammar or with the reserved segment. Every operation must raise InvalidKey for them."""


def letters(count: int) -> list[str]:
    """Return ``count`` keys: the first letters that have two cases, each in both cases, and then numbers.

    >>> letters(3), len(letters(5000))
    (['A', 'B', 'C'], 5000)
    """
    cased = (char for char in map(chr, range(0x30000)) if char.lower() != char or char.upper() != char)
    return list(itertools.islice(itertools.chain(cased, map(str, itertools.count())), count))


NO_STR = (None, 7, True, 1.5, b"a", ("a",))
"""Keys that are not text. Every operation must raise TypeError for them and never convert them."""

BOUNDS = (
    *("", "a", "a/", "a/b", "a/b/", "a/c", "b", "A"),
    *(" ", "0", ":", "z", "inv", "invoices", "invoices/"),
    *("a\0", "a\x7f", "a\uffff", "a\U0010ffff", "/", "//", "..", "\\", ".holdall"),
    *(".holdall/", "a/.holdall/"),
    *("é", "e", "\uffff", "\U00010000", "\U0010ffff", "x" * 401, "日" * 700),
)
"""Prefixes and bounds of a scan. Many of them are not valid keys, because a bound need not be one."""

TREE = (
    *("a", "a/b", "a/b/c", "a/c", "a-", "a0", "aa"),
    *("A", "b", "inv", "invoices", "invoices/1", "invoices/10"),
    *("invoices/2", "invoices2/1", "e", "é", "z"),
    *("a\uffff", "a\U00010000", "\uffff", "\U00010000"),
)
"""A few keys before and after every bound in `BOUNDS`."""

NEAR = (
    *("a", "A", "a ", "a.", "a-", "a/a", "a/b", "a/b/c", "a0", "b", "b/a", "B/a"),
    *("é", "e\u0301", "é/\uffff", "é/\U00010000"),
)
"""A few keys that are very similar."""


def in_order(keys: Iterable[str]) -> list[str]:
    """Return ``keys`` in the order of every store, by the bytes of their UTF-8."""
    return sorted(keys, key=str.encode)


def between(keys: Iterable[str], prefix: str = "", start: str = "", stop: str | None = None) -> list[str]:
    """Return those of ``keys`` that a scan yields, without the package's own computation of bounds.

    >>> between(["b", "a", "a/1", "ab"], "a", "a/", "b")
    ['a/1', 'ab']
    """
    low, high = start.encode(), None if stop is None else stop.encode()
    found = [key for key in keys if key.startswith(prefix) and key.encode() >= low]
    return in_order(key for key in found if high is None or key.encode() < high)


def keys() -> SearchStrategy[str]:
    """Return a strategy for any key of the portable grammar that is not reserved."""
    characters = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="/\\")
    segments = st.text(characters, min_size=1, max_size=12).filter(_is_segment)
    return st.lists(segments, min_size=1, max_size=4).map("/".join)


def near_keys() -> SearchStrategy[str]:
    """Return a strategy for one of `NEAR`, so that operations often meet at a key, a neighbour or a child."""
    return st.sampled_from(NEAR)


def spans() -> SearchStrategy[tuple[str, str, str | None]]:
    """Return a strategy for prefix, start and stop of a scan: often none, often a key, and unusual texts."""
    bounds = near_keys() | st.sampled_from(BOUNDS)
    return st.tuples(st.just("") | bounds, st.just("") | bounds, st.none() | bounds)


def _is_segment(text: str) -> bool:
    return text not in (".", "..", ".holdall")
