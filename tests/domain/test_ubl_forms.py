"""One UBL document in many forms, which all read the same."""

from datetime import date

import pytest

from holdall.domain.ubl import read
from tests.domain.ubl_documents import INVOICE, TYPE, before, edited

NUMBER = "<cbc:ID>R-7</cbc:ID>"


def test_every_way_to_hand_over_a_document_reads_the_same(tmp_path):
    path = tmp_path / "a.xml"
    path.write_bytes(edited())
    with path.open("rb") as file:
        readings = [read(edited()), read(path), read(str(path)), read(file)]
        assert not file.closed
    assert all(each == readings[0] for each in readings)


def test_namespaces_count_and_prefixes_do_not():
    renamed = INVOICE.replace("cbc:", "a:").replace("xmlns:cbc", "xmlns:a").replace("cac:", "b:")
    renamed = renamed.replace("xmlns:cac", "xmlns:b").replace("<Invoice xmlns=", "<i:Invoice xmlns:i=")
    assert read(renamed.replace("</Invoice>", "</i:Invoice>").encode()) == read(edited())


def test_white_space_comments_and_cdata_make_no_difference():
    changes = [
        (NUMBER, "<cbc:ID>\n R<!-- no. -->-<![CDATA[7]]>\t</cbc:ID>"),
        ("Chairs", "  Chairs\n "),
    ]
    assert read(edited(*changes)) == read(edited())


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "windows-1252"])
def test_a_document_is_read_in_the_encoding_that_it_declares(encoding):
    document = INVOICE.replace('"UTF-8"', f'"{encoding}"').replace("Chairs", "Stühle")
    assert read(document.encode(encoding)).lines[0].description == "Stühle"


@pytest.mark.parametrize("zone", ["Z", "+05:30", "-11:00"])
def test_a_day_is_the_day_written_whatever_its_zone(zone):
    assert read(edited(("2026-01-05", f"2026-01-05{zone}"))).issued == date(2026, 1, 5)


def test_unknown_content_is_ignored():
    extra = '<cbc:Note>n</cbc:Note><x:Y xmlns:x="urn:example"><cbc:ID>R-8</cbc:ID></x:Y>'
    assert read(edited(before(TYPE, extra))) == read(edited())
