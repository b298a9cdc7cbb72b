"""The regular expression of valid keys, which SQL servers match, agrees with the grammar."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.keys import RESERVED, fits, is_reserved, to_name

pattern = pytest.importorskip("holdall.adapters.sql.grammar").pattern

PIECES = [
    "a",
    "b.c",
    ".",
    "..",
    "...",
    "/",
    "//",
    "\\",
    "\x00",
    "\x1f",
    " ",
    "~",
    "\x7f",
    "\x80",
    "\x9f",
    "\xa0",
    "é",
]
PIECES += [
    "\u07ff",
    "\u0800",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "\U00010000",
    "\U0010ffff",
    RESERVED,
    ".holdall-notes",
]
BROKEN = [
    b"\x80",
    b"\xc1\xbf",
    b"\xe0\x9f\xbf",
    b"\xed\xa0\x80",
    b"\xf0\x8f\xbf\xbf",
    b"\xf4\x90\x80\x80",
    b"\xff",
]
names = st.lists(st.sampled_from([*(piece.encode() for piece in PIECES), *BROKEN]), max_size=5).map(b"".join)


@given(names)
def test_the_digits_of_a_name_match_if_it_is_a_key(name: bytes) -> None:
    digits = name.hex().upper()
    found = {hides: bool(re.search(pattern(hides=hides), digits)) for hides in (False, True)}
    key = to_name(name)
    assert found == {False: fits(key), True: fits(key) and not is_reserved(key)}
