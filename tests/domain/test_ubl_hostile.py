"""Documents made to harm whoever reads them, and honest ones that are merely large."""

import tracemalloc
from io import BytesIO, RawIOBase
from xml.etree import ElementTree

import pytest

from holdall.domain.ubl import read, tree
from holdall.errors import Invalid
from tests.domain.ubl_documents import INVOICE, TYPE, before, edited

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
BOMB = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {name} "{f"&{inner};" * 10}">' for inner, name in zip("abcdefgh", "bcdefghi", strict=True)
)
ATTACHMENT = (
    "<cac:AdditionalDocumentReference><cac:Attachment>"
    '<cbc:EmbeddedDocumentBinaryObject mimeCode="application/pdf">',
    "</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference>",
)


class Large(RawIOBase):
    """An open file of ``head``, ``count`` times ``part`` and ``tail``, made as it is read."""

    def __init__(self, head, part, count, tail):
        self.parts = iter([head, *[part] * count, tail])

    def read(self, size=-1):
        return next(self.parts, b"")


def within(added, part, count):
    """The invoice with ``count`` times ``part`` where ``added`` has its break, before the type code."""
    head, tail = edited(before(TYPE, f"{added[0]}\0{added[1]}")).split(b"\0")
    return Large(head, part, count, tail)


def refusal(document, **options):
    with pytest.raises(Invalid) as caught:
        read(document, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    "doctype",
    [
        BOMB + "]>",
        '<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE b [<!ENTITY % a SYSTEM "http://127.0.0.1:9/a.dtd"> %a;]>',
        '<!DOCTYPE b SYSTEM "http://127.0.0.1:9/a.dtd">',
        '<!DOCTYPE b PUBLIC "-//OASIS" "a.dtd">',
        "<!DOCTYPE Invoice>",
    ],
    ids=["bomb", "file", "parameter", "external", "public", "bare"],
)
def test_a_document_type_is_refused(doctype):
    document = edited((DECLARATION, DECLARATION + doctype), ("R-7", "&a;" if "ENTITY" in doctype else "R-7"))
    assert refusal(document) == "<bytes>: it declares a document type; remove the DOCTYPE"


def test_an_entity_nobody_declared_is_refused():
    assert "not well-formed XML (undefined entity" in refusal(edited(("R-7", "&a;")))


def test_a_message_quotes_a_hostile_name_in_part():
    assert len(refusal(edited(("R-7", f"&{'a' * 10_000};")))) < 200


def test_nothing_is_included_from_elsewhere():
    include = (
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    )
    assert "Invoice/cbc:ID (BT-1) is missing" in refusal(edited(("R-7", include)))


def test_an_attachment_is_read_past_without_being_kept():
    chunks = 512
    document = within(ATTACHMENT, b"QUJD" * 16_384, chunks)
    tracemalloc.start()
    try:
        invoice = read(document)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert invoice == read(edited())
    assert peak < 2**19 < chunks * 65_536 / 50


def test_an_attachment_of_a_line_is_read_past_too():
    reference = "".join(ATTACHMENT).replace("AdditionalDocumentReference", "DocumentReference")
    assert read(edited(before("<cac:Item>", reference))) == read(edited())


def test_elements_in_an_attachment_or_extension_say_nothing():
    extension = (
        '<e:UBLExtensions xmlns:e="urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2">'
        "{}<e:UBLExtensions/>{}</e:UBLExtensions>"
    ).format(*["<cbc:ID>R-8</cbc:ID>"] * 2)
    assert read(edited(before(" <cbc:CustomizationID>", extension))) == read(edited())


def test_a_file_over_the_limit_is_refused_before_it_is_read_whole():
    document = within(ATTACHMENT, b"QUJD" * 1024, 10_000)
    assert "it has more than 100,000 bytes; raise the limit" in refusal(document, limit=100_000)
    assert next(document.parts, b"") != b""


def test_a_file_of_exactly_the_limit_is_read():
    assert read(edited(), limit=len(INVOICE.encode())).number == "R-7"
    assert "bytes" in refusal(edited(), limit=len(INVOICE.encode()) - 1)


@pytest.mark.parametrize("added", [("<cbc:Note ", "/>"), ("<!--", "-->"), ("<?pi ", "?>")])
def test_a_tag_without_end_is_refused(added):
    document = within(added, b"".join(b'a%d="" ' % n for n in range(5_000)), 10_000)
    assert "it has a tag or comment of more than 1,048,576 bytes" in refusal(document)


@pytest.mark.parametrize(
    "part", [b"<cbc:Note/>", b'<a b="" c="" d="" e=""/>', b'<a xmlns:b="b" xmlns:c="c"/>']
)
def test_too_many_elements_or_attributes_are_refused(monkeypatch, part):
    monkeypatch.setattr(tree, "MAX_NODES", 1_000)
    assert "it has more than 1,000 elements, attributes and namespaces" in refusal(
        within(("", ""), part * 100, 11)
    )
    assert read(within(("", ""), part * 100, 1)).number == "R-7"


def test_as_many_nodes_as_the_limit_says_are_read(monkeypatch):
    document = edited()
    events = list(ElementTree.iterparse(BytesIO(document), ["start", "start-ns"]))
    elements = [node for event, node in events if event == "start"]
    nodes = len(events) + sum(len(element.attrib) for element in elements)
    monkeypatch.setattr(tree, "MAX_NODES", nodes)
    assert read(document).number == "R-7"
    monkeypatch.setattr(tree, "MAX_NODES", nodes - 1)
    assert f"it has more than {nodes - 1:,} elements" in refusal(document)


def test_a_name_made_long_by_its_namespace_is_refused():
    head = f'<e xmlns:p="{"u" * 500_000}">', "</e>"
    assert "a name or namespace of more than 1,000 characters" in refusal(within(head, b"<p:a/>", 10))


@pytest.mark.parametrize("form", [b"<n%d/>", b'<n a%d=""/>'])
def test_too_many_different_names_are_refused(form):
    document = within(("", ""), b"".join(form % number for number in range(10_001)), 1)
    assert "it has more than 10,000 different names" in refusal(document)


def test_elements_nested_too_deep_are_refused():
    assert "it has more than 64 levels" in refusal(within(("", ""), b"<cbc:Note>" * 100, 10_000))
    deep = "<cbc:Note>" * 62 + "</cbc:Note>" * 62
    assert read(edited(before(TYPE, deep))) == read(edited())


def test_a_read_file_is_left_at_its_end_and_open():
    file = BytesIO(edited())
    read(file)
    assert file.read() == b""
