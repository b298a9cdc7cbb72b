"""The formats of files: what holds an invoice is read, and everything else is named."""

from io import BytesIO

import pytest
from pypdf import PdfWriter, filters

from holdall.domain.codes import codes_of
from holdall.domain.files import NoInvoice, Reading, documents_in_file
from holdall.domain.files import pdf as pdf_module
from holdall.domain.files.formats import format_of
from holdall.domain.settings import Settings
from holdall.domain.ubl import read
from holdall.errors import Invalid
from tests.domain.ubl_documents import INVOICE


def pdf(**attached):
    writer, out = PdfWriter(), BytesIO()
    writer.add_blank_page(72, 72)
    for name, data in attached.items():
        writer.add_attachment(name.replace("__", "."), data)
    writer.write(out)
    return out.getvalue()


def only(path, **options):
    (source,) = documents_in_file(path, **options)
    return source.make()


@pytest.mark.parametrize("name", ["factur-x__xml", "ZUGFeRD-invoice__xml", "xrechnung__xml"])
def test_the_invoice_in_a_pdf_is_read(tmp_path, name):
    file = tmp_path / "a.pdf"
    file.write_bytes(pdf(**{"terms__txt": b"net 30", name: INVOICE.encode()}))
    assert only(file) == read(INVOICE.encode())


def test_the_mapping_files_what_is_read(tmp_path):
    file = tmp_path / "a.xml"
    file.write_text(INVOICE)
    how = Reading(Settings(codes=codes_of({"default": "8400"})))
    assert only(file, how=how).lines[0].splits[0].code == "8400"


def test_a_pdf_without_an_invoice_says_so(tmp_path):
    file = tmp_path / "a.pdf"
    file.write_bytes(pdf(terms__txt=b"net 30"))
    with pytest.raises(NoInvoice, match=r"a\.pdf: it is a PDF without an embedded invoice; ask for it as"):
        only(file)


def test_json_of_another_program_says_so(tmp_path):
    file = tmp_path / "package.json"
    file.write_text('{"name": "app", "version": "1.0"}')
    with pytest.raises(
        NoInvoice, match=r"package\.json: it is JSON, but not an invoice: it has no number, no"
    ):
        only(file)


def test_an_encrypted_pdf_says_so(tmp_path):
    writer = PdfWriter()
    writer.add_blank_page(72, 72)
    writer.encrypt("secret", algorithm="RC4-40")
    writer.write(tmp_path / "a.pdf")
    with pytest.raises(Invalid, match=r"it is an encrypted PDF; remove its password"):
        only(tmp_path / "a.pdf")


@pytest.mark.parametrize("length", [9, 100, 400])
def test_a_damaged_pdf_is_refused(tmp_path, length):
    file = tmp_path / "a.pdf"
    file.write_bytes(pdf(terms__txt=b"net 30")[:length])
    with pytest.raises(Invalid, match=r"a\.pdf: it is a PDF"):
        only(file)


def test_the_bounds_of_a_pdf(tmp_path, monkeypatch):
    file = tmp_path / "a.pdf"
    file.write_bytes(pdf(**{"factur-x__xml": INVOICE.encode()}))
    monkeypatch.setattr(pdf_module, "MAX_BYTES", 1000)
    with pytest.raises(Invalid, match=r"the invoice in the PDF has more than 1,000 bytes"):
        only(file)


def test_a_bomb_in_a_pdf_stops_early(tmp_path, monkeypatch):
    assert filters.ZLIB_MAX_OUTPUT_LENGTH < 100 * 10**6
    monkeypatch.setattr(filters, "ZLIB_MAX_OUTPUT_LENGTH", 10**6)  # so that the test is quick
    file = tmp_path / "a.pdf"
    file.write_bytes(_deflated(3 * 10**6))
    with pytest.raises(Invalid, match=r"a\.pdf: it is a PDF that cannot be read"):
        only(file)


def _deflated(size):
    """A PDF whose attachment is small, and has ``size`` bytes when it is decompressed."""
    import zlib

    from pypdf.generic import NameObject, StreamObject

    writer, out = PdfWriter(), BytesIO()
    writer.add_blank_page(72, 72)
    embedded = writer.add_attachment("factur-x.xml", b"x")
    stream = StreamObject()
    packer = zlib.compressobj(9)
    stream._data = b"".join([*(packer.compress(bytes(10**6)) for _ in range(size // 10**6)), packer.flush()])
    stream.update(
        {NameObject("/Type"): NameObject("/EmbeddedFile"), NameObject("/Filter"): NameObject("/FlateDecode")}
    )
    embedded.pdf_object[NameObject("/EF")][NameObject("/F")] = writer._add_object(stream)
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"PK\x05\x06", "an empty ZIP archive"),
        (b"\x1f\x8b\x08", "compressed by gzip"),
        (b"\xd0\xcf\x11\xe0", "an old Office document"),
        (b"\x89PNG\r\n", "a picture"),
        (b" \n<HTML lang='de'>", "a page in HTML"),
        (b"\xef\xbb\xbf<!doctype HTML>", "a page in HTML"),
        (
            b"<?xml version='1.0' encoding='gb2312'?>",
            "XML in the encoding gb2312.*`iconv -f gb2312 -t UTF-8`",
        ),
        (b'<?xml version="1.0" encoding="Shift_JIS"?>', "XML in the encoding Shift_JIS"),
    ],
)
def test_another_format_is_named_with_the_remedy(head, message):
    with pytest.raises(Invalid, match=f"^it is {message}"):
        format_of(head)


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"", "xml"),
        (b"Dear Ada", "xml"),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><Invoice/>', "xml"),
        (b"<htmlish/>", "xml"),
        (b"\xef\xbb\xbf [", "json"),
        (b"junk before\n%PDF-1.4", "pdf"),
    ],
)
def test_what_may_hold_an_invoice_is_read(head, found):
    assert format_of(head) == found
