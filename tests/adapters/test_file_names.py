"""Keys as file names: injective on every file system, readable, and back."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.adapters._files.filenames import LIMIT, place_of, text_of
from holdall.keys import KEY_BYTES, RawKey, check_key

# What names trip over: case, marks of ours, edges, devices, marks that compose, long segments.
atoms = st.one_of(
    st.sampled_from(
        [
            *"abAB.+=%^ ~:,é-_",
            "e\u0301",
            "ǅ",
            "ß",
            "ﬁ",
            "İ",
            "\u017f",
            "K",
            "con",
            "CON",
            "nul.",
            "lpt1",
        ]
    ),
    st.sampled_from(["x" * 117, "x" * 118, "x" * 119, "x" * 120, "X" * 60, "語" * 40, "\U0001f9fe"]),
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="/\\"),
)
segments = (
    st.lists(atoms, min_size=1, max_size=6).map("".join).filter(lambda s: s not in (".", "..", ".holdall"))
)
keys = (
    st.lists(segments, min_size=1, max_size=4)
    .map("/".join)
    .filter(lambda key: len(key.encode()) <= KEY_BYTES)
)


def names(key):
    folders, name = place_of(key)
    return [*folders, name]


def folded(name):
    return unicodedata.normalize("NFKC", name.casefold())


@given(keys)
def test_names_decode_to_their_key(key):
    check_key(key)
    folders, name = place_of(key)
    texts = [*(text_of(folder, folder=True) for folder in folders), text_of(name, folder=False)]
    assert "".join(texts) == key


@given(keys)
def test_every_name_is_short_lower_case_ascii_and_safe_on_windows(key):
    for name in names(key):
        assert name.isascii()
        assert name == name.lower()
        assert 0 < len(name) <= 143
        assert name[0] != "."
        assert name[-1] not in ". "
        assert not set(name) & set('<>:"/\\|?*~')
        assert name.split(".")[0].rstrip() not in {"con", "prn", "aux", "nul", "com1", "lpt1"}


@given(keys, keys)
def test_no_two_keys_share_a_path_where_case_and_unicode_are_folded(one, other):
    same = list(map(folded, names(one))) == list(map(folded, names(other)))
    assert same == (one == other)


@given(keys, keys)
def test_no_key_is_a_file_where_another_has_a_folder(one, other):
    assert names(one) != names(other)[: len(names(one))] or one == other


@given(st.text(min_size=1, max_size=200).filter(lambda name: "/" not in name), st.booleans())
def test_a_name_is_foreign_unless_it_is_just_how_its_key_is_spelled(name, folder):
    text = text_of(name, folder=folder)
    if text:
        key = f"{text}x" if folder else text
        assert names(key)[0] == name


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        (".lock", False),
        (".new", False),
        (".nfs0000001", False),
        ("README", False),
        ("a~", False),
        ("a%2", False),
        ("a%zz", False),
        ("a%C3%A9", False),
        ("%61", False),
        ("%ff", False),
        ("\udcff", False),
        ("\udcff", True),
        ("\udcff+", True),
        ("^1", False),
        ("con", False),
        ("a.", False),
        ("é", False),
        ("a+", False),
        ("x" * LIMIT, False),
        ("a", True),
        ("+", True),
        ("=", True),
        ("a=", True),
        ("x" * (LIMIT + 1) + "=", True),
        (".git", True),
    ],
)
def test_a_name_that_no_key_is_written_as_is_foreign(name, folder):
    assert text_of(name, folder=folder) is None


def test_plain_keys_are_read_as_they_are():
    assert names("invoices/2026/inv-00017.json") == ["invoices+", "2026+", "inv-00017.json"]


def test_the_longest_keys_fit():
    for segment in ("a" * 480, "A" * 480, "é" * 240, "語" * 160, "\U0001f9fe" * 120):
        check_key(RawKey(segment))
        assert max(map(len, names(segment))) <= 143
        assert len("/".join(names(segment))) < 1500


def test_a_long_segment_sorts_among_its_neighbours():
    part = "x" * LIMIT
    ordered = sorted([part, f"{part}-", f"{part}/a", f"{part}0", f"{part}00", part[:-1]])
    decoded = [[text_of(n, folder=True) or text_of(n, folder=False) for n in names(key)] for key in ordered]
    assert decoded == sorted(decoded)
