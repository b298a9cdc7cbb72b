"""Reads typed values and prints stored values: bytes and text as they are, documents as JSON."""

from typing import Any

from holdall.adapters.memory import Memory
from holdall.configuration.stack import Stack
from holdall.errors import HoldallError, Invalid


def format_value(value: Any) -> bytes:
    r"""Return the bytes to print for ``value``. A document becomes one line of JSON.

    Raises HoldallError if a document cannot be written as JSON.

    >>> format_value(b"\xff"), format_value("é"), format_value({"total": 1})
    (b'\xff', b'\xc3\xa9', b'{"total":1}\n')
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    import msgspec  # imported late: plain stores do not need it

    try:
        return msgspec.json.encode(value) + b"\n"
    except TypeError as error:
        raise HoldallError(f"the value cannot be printed as JSON: {error}; read it in Python") from error


def parse_value(data: bytes, stack: Stack, key: str = "") -> Any:
    """Return the value of ``data`` for ``key`` in a store with the layers of ``stack``.

    Without a serializer, the value is ``data`` itself. With the serializer text, it is a str. With any other
    serializer, ``data`` must be JSON, and the value is a document of the declared type. Raises Invalid if
    ``data`` is not UTF-8 text, is not JSON or does not fit the type.

    >>> parse_value(b"1", Stack())
    b'1'
    """
    if not stack.serializer:
        return data
    if stack.serializer == "text":
        return _text(data)
    return _document(data, stack.type, key)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except ValueError as error:
        raise Invalid(f"the value is not UTF-8 text: {error}") from error


def _document(data: bytes, type: Any, key: str) -> Any:
    from holdall.middleware.json import Json  # imported late: plain stores do not need it

    try:
        return Json(Memory(), type).decode(key, data)
    except (ValueError, RecursionError) as error:
        expected = "JSON, as in '{\"total\": 1}'" if type is Any else f"the JSON of {_name(type)}"
        raise Invalid(f"the value is not {expected}: {error}") from error


def _name(type: Any) -> str:
    return getattr(type, "__name__", str(type))
