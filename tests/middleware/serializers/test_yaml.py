"""YAML that people read and edit: how it looks, and what a hand may write into it."""

from datetime import UTC, date, datetime, timedelta, timezone

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from holdall import Corrupt, Invalid, Memory, Yaml

WORDS = """
no No NO yes on off y n true null ~ 0123 0o17 0x1f 0b11 08 12:30 1:1:1 1_000 1e3 1. .5 +1 .inf .nan = << - ? :
# & * 2026-11-22 2026-11-22T10:00:00Z !tag %a @a `a '' "" [a] {a} a: a:b #a |a >a , --- ...
"""
SURPRISES = WORDS.split()


def written(value):
    below = Memory()
    Yaml(below)["a"] = value
    return below["a"].decode()


def read(text):
    below = Memory()
    below["a"] = text.encode()
    return Yaml(below)["a"]


def test_it_is_readable():
    document = {
        "number": "2026-7",
        "customer": "Müller & Söhne",
        "issued": date(2026, 11, 22),
        "paid": False,
        "note": "first line\nsecond: line\n",
        "lines": [{"code": "8200", "amount": 1.5}],
    }
    assert written(document) == (
        "number: 2026-7\n"
        "customer: Müller & Söhne\n"
        "issued: 2026-11-22\n"
        "paid: false\n"
        "note: |\n"
        "  first line\n"
        "  second: line\n"
        "lines:\n"
        "- code: '8200'\n"
        "  amount: 1.5\n"
    )


@pytest.mark.parametrize("text", SURPRISES)
def test_a_string_stays_one_as_value_and_as_name(text):
    assert read(written({"a": text})) == {"a": text}
    assert read(written({text: [text]})) == {text: [text]}
    assert read(written(text)) == text


@pytest.mark.parametrize("text", SURPRISES)
def test_another_reader_of_yaml_takes_it_for_a_string_too(text):
    assert yaml.safe_load(written({"a": text})) == {"a": text}


@given(st.text(st.sampled_from("0123456789eExob_.:+-~nulNyT "), max_size=8))
def test_whatever_looks_like_a_number_or_date_stays_a_string(text):
    assert read(written([text])) == [text]
    assert yaml.safe_load(written([text])) == [text]


UNQUOTED = "no NO yes on off 0123 0x1f 0b11 12:30 1_000 = 2026-1-5"


@pytest.mark.parametrize("text", UNQUOTED.split())
def test_a_string_that_a_hand_wrote_without_quotes_is_one(text):
    assert read(f"country: {text}\n") == {"country": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("Null", None),
        ("TRUE", True),
        ("false", False),
        ("-12", -12),
        ("+3", 3),
        ("0", 0),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("-.inf", float("-inf")),
        ("'12'", "12"),
        ("! 12", "12"),
        ("!!str 12", "12"),
        ("2026-11-22", date(2026, 11, 22)),
        ("2026-11-22 10:30:00", datetime.fromisoformat("2026-11-22T10:30:00")),
        ("2026-11-22T10:30:00.5Z", datetime(2026, 11, 22, 10, 30, 0, 500_000, UTC)),
        ("2026-11-22T10:30:00+05:30", datetime(2026, 11, 22, 10, 30, tzinfo=timezone(timedelta(hours=5.5)))),
        ("!!binary |\n  AP8=\n", b"\0\xff"),
        ("[1, {a: b}]  # with a comment", [1, {"a": "b"}]),
        (">\n  folded\n  text\n", "folded text\n"),
        ("&a 1", 1),
    ],
)
def test_a_hand_may_write_it_so(text, value):
    assert repr(read(f"a: {text}\n")) == repr({"a": value})


def test_a_mistake_is_told_with_its_line():
    with pytest.raises(Corrupt, match=r"'a'.*line 3: 'number' appears twice"):
        read("number: 1\nlines: []\nnumber: 2\n")
    with pytest.raises(Corrupt, match=r"line 2: .*write the part out"):
        read("a: &x [1]\nb: *x\n")
    with pytest.raises(Corrupt, match="line 2: the name of a field is not text"):
        read("a: 1\n8200: 2\n")


def test_one_changed_value_is_one_changed_line():
    before, after = written({"a": "x " * 500, "b": 1}), written({"a": "x " * 500, "b": 2})
    assert len(before.splitlines()) == 2
    assert [old for old, new in zip(before.splitlines(), after.splitlines(), strict=True) if old != new] == [
        "b: 1"
    ]


@pytest.mark.parametrize("kind", [datetime, dict[str, datetime]])
def test_an_offset_that_no_yaml_reads_is_refused_when_it_is_written(kind):
    below = Memory()
    old = datetime(1900, 1, 1, tzinfo=timezone(timedelta(minutes=19, seconds=32)))
    with pytest.raises(Invalid, match="convert it to UTC"):
        Yaml(below, kind)["a"] = old if kind is datetime else {"since": old}
    assert not below
    whole = datetime(1900, 1, 1, tzinfo=timezone(timedelta(minutes=-20)))
    Yaml(below, datetime)["a"] = whole
    assert Yaml(below, datetime)["a"] == whole


def test_an_offset_in_a_struct_is_looked_at_too():
    class Event(msgspec.Struct):
        since: datetime

    with pytest.raises(Invalid, match="convert it to UTC"):
        Yaml(Memory(), Event)["a"] = Event(datetime(1900, 1, 1, tzinfo=timezone(timedelta(seconds=1172))))
