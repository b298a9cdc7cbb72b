"""XML that says its types: how it looks, and that any XML program sees the same text in it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall import Memory, Xml


def written(value):
    below = Memory()
    Xml(below)["a"] = value
    return below["a"].decode()


def read(text):
    below = Memory()
    below["a"] = text.encode()
    return Xml(below)["a"]


def test_it_is_readable_and_says_its_types():
    document = {
        "number": "2026-7",
        "issued": date(2026, 11, 22),
        "sent": datetime(2026, 11, 22, 10, 30, tzinfo=UTC),
        "total": Decimal("119.00"),
        "paid": False,
        "note": None,
        "scan": b"\0\xff",
        "lines": [{"quantity": 3, "rate": 0.5}, []],
    }
    assert written(document) == (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        "<dict>\n"
        '  <str name="number">2026-7</str>\n'
        '  <date name="issued">2026-11-22</date>\n'
        '  <datetime name="sent">2026-11-22T10:30:00+00:00</datetime>\n'
        '  <decimal name="total">119.00</decimal>\n'
        '  <bool name="paid">false</bool>\n'
        '  <null name="note"></null>\n'
        '  <bytes name="scan">AP8=</bytes>\n'
        '  <list name="lines">\n'
        "    <dict>\n"
        '      <int name="quantity">3</int>\n'
        '      <float name="rate">0.5</float>\n'
        "    </dict>\n"
        "    <list>\n"
        "    </list>\n"
        "  </list>\n"
        "</dict>\n"
    )


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Z"]), max_size=20))
def test_another_program_reads_the_same_text_and_names(text):
    root = ElementTree.fromstring(written({text: text}))
    assert root[0].attrib["name"].replace("\\005c", "\\") == text
    assert (root[0].text or "").replace("\\005c", "\\") == text


@pytest.mark.parametrize("character", ["\0", "\x08", "\x0b", "\x1f", "\ufffe", "\uffff", "\\"])
def test_a_character_that_xml_has_not_is_escaped(character):
    assert f"<str>\\{ord(character):04x}</str>" in written(character)
    assert read(written({character: character})) == {character: character}


SYNTAX = ["\r", "\r\n", "\t", "\n", " a ", "]]>", "&amp;", "<a/>", "\"'", "\x85", "\u2028", "\\0041"]


@pytest.mark.parametrize("text", SYNTAX)
def test_space_and_syntax_are_text(text):
    assert read(written({text: text})) == {text: text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<list><!-- a note --><int> 7\n</int></list>", [7]),
        ("<str>a<!-- b --><![CDATA[<c>]]></str>", "a<c>"),
        ("<dict><str name='a'/></dict>", {"a": ""}),
        ("<float>nan</float>", float("nan")),
        ("<decimal>-0.00</decimal>", Decimal("-0.00")),
        ("<null/>", None),
    ],
)
def test_a_hand_may_write_it_so(text, value):
    assert repr(read(text)) == repr(value)
