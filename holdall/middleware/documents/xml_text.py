r"""Plain values as XML elements that are named by type, and back.

    document = '<?xml version="1.0" encoding="utf-8"?>' newline element
    element  = "<" tag [ ' name="' text '"' ] ">" content "</" tag ">"      name: in a dict, and only there
    tag      = "dict" | "list" | "str" | "int" | "float" | "decimal" | "bool" | "null"
             | "date" | "datetime" | "bytes"
    content  = element*  (dict, list)  |  text  (str)  |  what Python or ISO 8601 writes  (numbers, dates)
             | "true" | "false"  (bool)  |  base64  (bytes)  |  nothing  (null)
    text     = what XML 1.0 says, but "\" hex hex hex hex  for a backslash and a character that XML has not

White space between elements and around numbers and dates is ignored; in text it counts.
"""

import base64
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

# The parser is defusedxml's. The standard library supplies the class of the elements and escapes text.
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from defusedxml.ElementTree import DefusedXMLParser

from holdall.middleware.documents.plain import DEPTH

_HEAD: Final = '<?xml version="1.0" encoding="utf-8"?>\n'
_LONGEST: Final = 4300  # characters of a number or date; Python has the same limit for an int in text


def dump(value: Any) -> bytes:
    """The document that holds ``value``, in UTF-8, with one element per line."""
    return (_HEAD + "".join(_lines(value, "", ""))).encode()


def _lines(value: Any, attribute: str, indent: str) -> Iterator[str]:
    tag, write = _WRITERS[type(value)]
    start, end = f"{indent}<{tag}{attribute}>", f"</{tag}>\n"
    if not isinstance(value, dict | list | tuple):
        yield f"{start}{write(value)}{end}"
        return
    yield start + "\n"
    for named, part in _parts(value):
        yield from _lines(part, named, indent + "  ")
    yield indent + end


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        return (("", part) for part in value)
    return ((f' name="{_escape(name, _IN_ATTRIBUTE)}"', part) for name, part in value.items())


_IN_TEXT: Final = {"\r": "&#13;"}
_IN_ATTRIBUTE: Final = {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;", '"': "&quot;"}
_unsaid = re.compile(r"[\\\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]").sub
_said = re.compile(r"\\(005c|00[01][0-9a-f]|fff[ef]|)").sub


def _escape(text: str, also: dict[str, str]) -> str:
    return escape(_unsaid(lambda match: f"\\{ord(match[0]):04x}", text), also)


def _unescape(text: str) -> str:
    return _said(_character, text)


def _character(escape: re.Match[str]) -> str:
    if not escape[1]:
        raise ValueError("a backslash must be written as \\005c")
    return chr(int(escape[1], 16))


def load(data: bytes) -> Any:
    """The value that the document in ``data`` holds; raises an exception if it holds none."""
    parser = DefusedXMLParser(encoding="utf-8", forbid_dtd=True)
    parser.feed(data)
    root = parser.close()
    _check_attributes(root, [])
    return _value(root, DEPTH)


def _value(element: Element, depth: int) -> Any:
    if element.tag == "dict":
        return _dict(element, depth)
    if element.tag == "list":
        return [_value(part, depth - 1) for part in _children(element, depth, [])]
    if len(element):
        raise ValueError(f"<{element.tag}> must hold only text, but it holds an element")
    return _scalar(element.tag, element.text or "")


def _dict(element: Element, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in _children(element, depth, ["name"]):
        name = _unescape(part.attrib["name"])
        if name in found:
            raise ValueError(f"{name[:60]!r} appears twice in a dict")
        found[name] = _value(part, depth - 1)
    return found


def _children(element: Element, depth: int, attributes: list[str]) -> Iterator[Element]:
    if depth < 0:
        raise ValueError(f"more than {DEPTH} dicts and lists are nested")
    if (element.text or "").strip():
        raise ValueError(f"a <{element.tag}> holds text next to its elements")
    for part in element:
        if (part.tail or "").strip():
            raise ValueError(f"a <{element.tag}> holds text next to its elements")
        _check_attributes(part, attributes)
        yield part


def _check_attributes(element: Element, attributes: list[str]) -> None:
    if list(element.attrib) != attributes:
        raise ValueError(f"a <{element.tag[:60]}> has other attributes than {attributes}")


def _scalar(tag: str, text: str) -> Any:
    if tag == "str":
        return _unescape(text)
    if tag not in _READERS:
        raise ValueError(f"<{tag[:60]}> is not a type")
    if tag != "bytes" and len(text) > _LONGEST:
        raise ValueError(f"a <{tag}> has {len(text):,} characters, which is too many")
    try:
        return _READERS[tag](text.strip())
    except MemoryError:
        raise
    except Exception as error:
        raise ValueError(f"the text of a <{tag}> is not a valid {tag}") from error


_WRITERS: Final[dict[type, tuple[str, Callable[[Any], str]]]] = {
    dict: ("dict", str),
    list: ("list", str),
    tuple: ("list", str),  # msgspec leaves a tuple of a declared type as a tuple
    str: ("str", lambda text: _escape(text, _IN_TEXT)),
    int: ("int", str),
    float: ("float", repr),
    Decimal: ("decimal", str),
    bool: ("bool", {True: "true", False: "false"}.__getitem__),
    type(None): ("null", {None: ""}.__getitem__),
    date: ("date", date.isoformat),
    datetime: ("datetime", datetime.isoformat),
    bytes: ("bytes", lambda data: base64.b64encode(data).decode()),
}
_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "int": int,
    "float": float,
    "decimal": Decimal,
    "bool": {"true": True, "false": False}.__getitem__,
    "null": {"": None}.__getitem__,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "bytes": lambda text: base64.b64decode(text, validate=True),
}
