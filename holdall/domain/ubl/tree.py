"""Reads XML from untrusted sources into a small tree, with limits, without entities and attachments."""

from typing import BinaryIO

# The parser comes from defusedxml. The standard library only builds the tree from the parser's calls.
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from holdall.errors import Invalid
from holdall.extras import needs

with needs("domain"):
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import XMLParser

CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
EXT = "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2"
RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"

MAX_NODES = 1_000_000  # elements, attributes and namespace declarations, skipped ones too
MAX_NAMES = 10_000  # different names; the parser keeps all of them, and an invoice has a few hundred
MAX_NAME = 1_000  # characters of a name with its namespace, which a prefix repeats in a few bytes
MAX_DEPTH = 64
MAX_TAG = 2**20  # bytes of one tag or comment, which the parser holds as a whole

SKIPPED = frozenset({f"{{{CAC}}}Attachment", f"{{{EXT}}}UBLExtensions", f"{{{RAM}}}AttachmentBinaryObject"})
"""Elements that are skipped: attached files (BT-125), also of CII, and extensions, which hold signatures."""

_CHUNK = 2**16


def parse(file: BinaryIO, limit: int) -> Element:
    """Return the root element of the document in ``file``, without the elements in `SKIPPED`.

    Memory grows with the elements that are kept, not with the skipped ones.

    Raises Invalid if the file has more than ``limit`` bytes, `MAX_NODES` elements, attributes and namespaces,
    `MAX_NAMES` names or `MAX_DEPTH` levels, or if it has a name of more than `MAX_NAME` characters or a tag
    of more than `MAX_TAG` bytes. Raises Invalid if the file is not well-formed, or if it declares a document
    type, which entity bombs and external entities need and UBL does not need.
    """
    try:
        return _build(file, limit)
    except Invalid:
        raise
    except DefusedXmlException:
        raise Invalid("it declares a document type; remove the DOCTYPE") from None
    except (ParseError, LookupError, ValueError) as problem:
        raise Invalid(
            f"it is not well-formed XML ({str(problem)[:80]}); get a complete copy of it"
        ) from problem


def _build(file: BinaryIO, limit: int) -> Element:
    parser, size = XMLParser(target=_Builder(), forbid_dtd=True), 0
    while chunk := file.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise Invalid(f"it has more than {limit:,} bytes; raise the limit to read it")
        parser.feed(chunk)
        if size - parser.parser.CurrentByteIndex > MAX_TAG:
            raise Invalid(f"it has a tag or comment of more than {MAX_TAG:,} bytes; remove it")
    root: Element = parser.close()
    return root


class _Builder(TreeBuilder):
    """A `TreeBuilder` that counts elements, attributes and names, and leaves out skipped elements.

    The elements below a skipped element are left out too. The root is never skipped, because a tree needs a
    root.
    """

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._names: set[str] = set()
        self._depth = 0
        self._skipping = 0  # the depth of the skipped element that the parser is in, or 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element | None:  # type: ignore[override]
        self._add(1 + len(attrs))
        self._depth += 1
        for name in (tag, *attrs):
            if name not in self._names:
                self._add_name(name)
        if self._depth > MAX_DEPTH:
            raise Invalid(f"it has more than {MAX_DEPTH} levels of elements; no sound document has so many")
        if tag in SKIPPED and not self._skipping and self._depth > 1:
            self._skipping = self._depth
        return None if self._skipping else super().start(tag, attrs)

    def start_ns(self, prefix: str, uri: str, /) -> None:
        self._add(1)

    def _add(self, nodes: int) -> None:
        self._count += nodes
        if self._count > MAX_NODES:
            raise Invalid(f"it has more than {MAX_NODES:,} elements, attributes and namespaces; split it")

    def _add_name(self, name: str) -> None:
        if len(name) > MAX_NAME:
            raise Invalid(
                f"it has a name or namespace of more than {MAX_NAME:,} characters; no sound document has such a name"
            )
        self._names.add(name)
        if len(self._names) > MAX_NAMES:
            raise Invalid(f"it has more than {MAX_NAMES:,} different names; no sound document has so many")

    def data(self, data: str, /) -> None:
        if not self._skipping:
            super().data(data)

    def end(self, tag: str, /) -> Element | None:  # type: ignore[override]
        skipped, self._depth = self._skipping, self._depth - 1
        if skipped > self._depth:
            self._skipping = 0
        return None if skipped else super().end(tag)
